"""A Linux kernel with simulated GPIO chips, from Debian's packages of the day; nothing is installed.

No kernel that Debian builds for PCs has `gpio-sim`, but its own sources do. So the kernel is Debian's, as it is, and
the one module is made from `linux-source` against the same kernel's headers. Everything lies below one folder.
"""
import lzma
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

SOURCES = ("drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c")


def run(*command, **how):
    """Runs a command that says nothing unless it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def depends(package, pattern):
    """The one package that `package` depends on and whose name matches."""
    found = re.findall(rf"Depends: ({pattern})$", run("apt-cache", "depends", package), re.MULTILINE)
    return found[0] if found else sys.exit(f"{package} depends on nothing like {pattern}; run apt-get update")


def get(cache):
    """The folder with `vmlinuz`, `configfs.ko` and `gpio-sim.ko`; made at the first call, by the newest packages then."""
    for place in cache.glob("linux-image-*"):
        return place
    # Lists may be missing, or older than what the archive still has. Whoever is not root goes by those that are there.
    subprocess.run(["apt-get", "update", "-qq"], stderr=subprocess.DEVNULL)
    image = depends("linux-image-amd64", r"linux-image-\S+")
    source = depends("linux-source", r"linux-source-\S+")
    headers = image.replace("linux-image-", "linux-headers-")
    version = re.search(r"Candidate: (\S+)", run("apt-cache", "policy", image))[1]
    common, kbuild = depends(headers, r"linux-headers-\S+-common"), depends(headers, r"linux-kbuild-\S+")
    shutil.rmtree(cache, ignore_errors=True)
    (work := cache / "work").mkdir(parents=True)
    print(f"getting {image} {version} and its sources", flush=True)
    run("apt-get", "-o", "APT::Sandbox::User=root", "download", image, headers, common, kbuild, source, cwd=work)
    debs = {path.name.split("_")[0]: path for path in work.glob("*.deb")}
    for package in (headers, common, kbuild):
        run("dpkg-deb", "-x", debs[package], work / "headers")
    (made := work / "made").mkdir()
    unpack(debs[image], made)
    build(work / "headers", headers, sources(debs[source], work / "module"), made)
    # Whole, or not there.
    made.rename(place := cache / f"{image}_{version}")
    shutil.rmtree(work)
    return place


def unpack(deb, to):
    """The kernel and the one module of its own that the simulated chips need."""
    with package(deb) as files:
        for file in files:
            if re.search(r"/boot/vmlinuz-", file.name):
                (to / "vmlinuz").write_bytes(files.extractfile(file).read())
            elif found := re.search(r"/(configfs\.ko)(\.xz)?$", file.name):
                data = files.extractfile(file).read()
                (to / found[1]).write_bytes(lzma.decompress(data) if found[2] else data)


def package(deb):
    """The files of a package, as a stream."""
    stream = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE).stdout
    return tarfile.open(fileobj=stream, mode="r|")


def sources(deb, to):
    """The kernel's own sources of its simulator."""
    to.mkdir()
    with package(deb) as files:
        archive = next(f for f in files if f.name.endswith(".tar.xz"))
        # xz as a program of its own: on both cores, and in a third of the time.
        xz = subprocess.Popen(["xz", "-dc", "-T0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        feeding = threading.Thread(target=feed, args=(files.extractfile(archive), xz.stdin))
        feeding.start()
        with tarfile.open(fileobj=xz.stdout, mode="r|") as tree:
            for file in tree:
                if file.name.partition("/")[2] in SOURCES:
                    (to / Path(file.name).name).write_bytes(tree.extractfile(file).read())
        feeding.join()
    return to


def feed(archive, pipe):
    with pipe:
        shutil.copyfileobj(archive, pipe)


def build(tree, headers, module, to):
    """Builds the module. Its interrupts are simulated by a file that Debian's kernel leaves out, so it is linked in."""
    makefile = tree / "usr/src" / headers / "Makefile"
    makefile.write_text(makefile.read_text().replace(" /usr/src/", f" {tree}/usr/src/"))
    irq = module / "irq_sim.c"
    # The one function that this kernel does not export, by two that it does.
    irq.write_text(irq.read_text().replace("irq_to_desc(irqnum)", "irq_data_to_desc(irq_get_irq_data(irqnum))"))
    (module / "gpio-sim.c").rename(module / "chip.c")
    (module / "Kbuild").write_text("obj-m := gpio-sim.o\ngpio-sim-y := chip.o irq_sim.o\n")
    run("make", "-C", makefile.parent, f"M={module}", "modules")
    run("strip", "--strip-debug", module / "gpio-sim.ko")
    shutil.copy(module / "gpio-sim.ko", to)
