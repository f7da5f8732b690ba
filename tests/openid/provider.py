"""A real OpenID provider on the loopback, of Authlib's parts: code flow, PKCE asked for, client secret checked, RS256.

    provider.py --client ID --secret SECRET --back URI [--second]

Prints its issuer, then serves until it is killed. Whoever comes signs in by typing a name; `--second`: and is said to have
shown a second factor.
"""
import argparse
import threading
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode as OpenIDGrant
from flask import Flask, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

parser = argparse.ArgumentParser()
parser.add_argument("--client", required=True)
parser.add_argument("--secret", required=True)
parser.add_argument("--back", required=True)
parser.add_argument("--second", action="store_true")
arguments = parser.parse_args()

key = RSAKey.generate_key(2048, parameters={"use": "sig", "alg": "RS256"}, auto_kid=True)
codes = {}


class Client:
    """The hub, as the provider has registered it."""
    client_id = arguments.client

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return arguments.back

    def get_allowed_scope(self, scope):
        return "openid"

    def check_redirect_uri(self, uri):
        return uri == arguments.back

    def check_client_secret(self, secret):
        return secret == arguments.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, kind):
        return kind == "code"

    def check_grant_type(self, kind):
        return kind == "authorization_code"


class Code(dict):
    """A code that waits to be given back."""
    def get_redirect_uri(self):
        return self["redirect_uri"]

    def get_scope(self):
        return "openid"

    def get_nonce(self):
        return self["nonce"]

    def get_auth_time(self):
        return self["auth_time"]

    def get_acr(self):
        return None

    def get_amr(self):
        return ["pwd", "mfa"] if arguments.second else ["pwd"]

    code_challenge = property(lambda self: self["challenge"])
    code_challenge_method = property(lambda self: self["method"])


class Grant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

    def save_authorization_code(self, code, asked):
        data = asked.payload.data
        codes[code] = Code(
            code=code, user=asked.user, redirect_uri=data["redirect_uri"], nonce=data["nonce"],
            challenge=data.get("code_challenge"), method=data.get("code_challenge_method"), auth_time=int(time.time()))

    def query_authorization_code(self, code, client):
        return codes.get(code)

    def delete_authorization_code(self, code):
        codes.pop(code["code"], None)

    def authenticate_user(self, code):
        return code["user"]


class OpenIDCode(OpenIDGrant):
    def exists_nonce(self, nonce, asked):
        return any(code["nonce"] == nonce for code in codes.values())

    def get_jwt_config(self, *_):
        return {"key": key.as_dict(private=True), "alg": "RS256", "iss": issuer, "exp": 300}

    def generate_user_info(self, user, scope):
        return UserInfo(sub=user["sub"])


class User(dict):
    def get_user_id(self):
        return self["sub"]


app = Flask(__name__)
server = AuthorizationServer(app, query_client=lambda id: Client() if id == Client.client_id else None,
                             save_token=lambda token, asked: None)
server.register_grant(Grant, [OpenIDCode(require_nonce=True), CodeChallenge(required=True)])


@app.get("/.well-known/openid-configuration")
def configuration():
    return jsonify(
        issuer=issuer, authorization_endpoint=issuer + "/authorize", token_endpoint=issuer + "/token",
        jwks_uri=issuer + "/keys", response_types_supported=["code"], subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["RS256"], code_challenge_methods_supported=["S256"])


@app.get("/keys")
def keys():
    return jsonify(keys=[key.as_dict(private=False)])


@app.get("/authorize")
def ask():
    server.get_consent_grant(end_user=None)
    return """<!doctype html><title>Sign in</title><h1>The organisation's sign-in</h1>
<form method="post"><label>Name <input name="sub" required></label> <button>Sign in</button></form>"""


@app.post("/authorize")
def grant():
    who = User(sub=request.form["sub"])
    return server.create_authorization_response(grant_user=who, grant=server.get_consent_grant(end_user=who))


@app.post("/token")
def token():
    return server.create_token_response()


serving = make_server("127.0.0.1", 0, app, threaded=True)
issuer = f"http://localhost:{serving.server_port}"
print(issuer, flush=True)
threading.Thread(target=serving.serve_forever).start()
