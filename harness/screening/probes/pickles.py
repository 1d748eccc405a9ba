"""Scans the pickle that its argument names without loading it, and prints what it found as JSON.

The scanner, picklescan, lists what a pickle would import. It lets pass what it cannot read, so that here everything is
refused that is not known to be harmless: an import beyond those of tensors, a file without any, an archive in another.
"""

import json
import logging
import sys
import zipfile
from pathlib import Path

from picklescan.scanner import SafetyLevel, scan_bytes

TENSORS = {
    "torch._utils": {"_rebuild_parameter"},
    "torch.storage": {"UntypedStorage", "TypedStorage"},
    "torch": {
        "Size",
        "device",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint8",
    },
}
"""What checkpoints of nothing but tensors import beside what picklescan knows as innocuous."""
ARCHIVES = (b"PK\x03\x04", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"Rar!")


def archive_faults(path: Path) -> list[str]:
    """What keeps a zip archive from being looked into, or being one checkpoint of tensors."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        faults = ["it holds two members of the same name"] if len(set(names)) < len(names) else []
        for member in members:
            if member.flag_bits & 1:
                faults.append("it is encrypted")
            elif member.filename.endswith(".py") or "/code/" in member.filename:
                faults.append(f"it holds code ({member.filename})")
            elif not member.is_dir():
                with archive.open(member) as file:
                    if file.read(8).startswith(ARCHIVES):
                        faults.append(f"it holds an archive ({member.filename})")
    return faults


def scan(path: Path) -> list[str]:
    """Why the pickle must not be loaded; empty: it holds nothing but tensors."""
    faults = archive_faults(path) if zipfile.is_zipfile(path) else []
    with path.open("rb") as file:
        found = scan_bytes(file, path.name, path.suffix)
    for each in found.globals:
        harmless = each.safety is SafetyLevel.Innocuous or each.name in TENSORS.get(each.module, ())
        if not harmless:
            faults.append(f"it imports {each.module}.{each.name}")
    if found.scan_err:
        faults.append("a part of it cannot be read")
    if not found.globals:
        faults.append("the scanner finds no tensors in it")
    return sorted(set(faults))


if __name__ == "__main__":
    logging.disable()
    print(json.dumps(scan(Path(sys.argv[1]))))
