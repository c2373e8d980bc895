"""Certificates for origins, made by openssl: an authority of our own and what it signs."""

import pathlib
import ssl
import subprocess


def openssl(*arguments, folder: pathlib.Path) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Authority:
    """`ca.pem` in `folder`, and a certificate and key for each `issue`."""

    def __init__(self, folder: pathlib.Path, name: str = "Test authority"):
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._key("ca.key")
        openssl("req", "-x509", "-key", "ca.key", "-out", "ca.pem", "-days", "30",
                "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", folder=folder)  # fmt: skip

    def _key(self, name: str, rsa_bits: int = 0) -> None:
        kind = ["RSA", "-pkeyopt", f"rsa_keygen_bits:{rsa_bits}"] if rsa_bits else [
            "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]  # fmt: skip
        openssl("genpkey", "-algorithm", *kind, "-out", name, folder=self.folder)

    def issue(self, name: str, subject: str, days: int = 7, rsa_bits: int = 0) -> tuple[pathlib.Path, pathlib.Path]:
        """(certificate, key) for a subject such as `IP:127.0.0.1`; expired if `days` is negative.

        The key is on an elliptic curve, unless RSA is asked for."""
        self._key(f"{name}.key", rsa_bits)
        openssl("req", "-new", "-key", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
                folder=self.folder)  # fmt: skip
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={subject}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext",
                "-out", f"{name}.pem", folder=self.folder)  # fmt: skip
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def revoke(self, name: str, days: int = 7) -> pathlib.Path:
        """A revocation list that names the certificate; expired if `days` is negative."""
        (self.folder / "crl.cfg").write_text(
            "[ca]\ndefault_ca=own\n[own]\ndatabase=crl.txt\ndefault_md=sha256\ncrlnumber=crl.num\n")
        (self.folder / "crl.txt").write_text("")
        (self.folder / "crl.num").write_text("01\n")
        ours = ["ca", "-config", "crl.cfg", "-keyfile", "ca.key", "-cert", "ca.pem"]
        openssl(*ours, "-revoke", f"{name}.pem", folder=self.folder)
        lists = self.folder / f"{name}.crl"
        period = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z"]
        openssl(*ours, "-gencrl", *(period if days < 0 else ["-crldays", str(days)]),
                "-out", lists.name, folder=self.folder)  # fmt: skip
        return lists

    def context(self, name: str, subject: str, days: int = 7) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, subject, days))
        return context
