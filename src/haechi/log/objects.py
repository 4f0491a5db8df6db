"""Objects in a bucket of S3-compatible storage: written once, on condition that nobody else did.

    Unavailable
    ├── ObjectsRefused        the storage did not answer, or refused
    └── ObjectsExtraMissing   the client (obstore) is not installed

Local disks keep code of our own: obstore's LocalStore does not sync what it writes.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from haechi.errors import BadInput, Unavailable
from haechi.words import Text

if TYPE_CHECKING:
    from obstore.store import S3Store

WHOLE_BYTES = 64 << 20
"""Up to this a file goes as one conditional request; S3 has none for uploads in parts."""
_PIECE_BYTES = 1 << 20


class ObjectsRefused(Unavailable):
    """The object storage did not do it; facts: what_is, why."""

    code = "log.objects-refused"
    what = Text(
        "the object storage {what_is} refused: {why}", "객체 저장소 {what_is}이(가) 거부했습니다: {why}"
    )
    hint = Text(
        "check bucket, endpoint and the credentials in the environment; sending again is harmless",
        "버킷, 엔드포인트, 환경 변수의 자격 증명을 확인하세요. 다시 보내도 해롭지 않습니다",
    )


class ObjectsExtraMissing(Unavailable):
    """obstore is not installed; facts: what_is, why."""

    code = "log.objects-extra-missing"
    hint = Text('install it: pip install "haechi[cluster]"', '설치하세요: pip install "haechi[cluster]"')


@dataclass(frozen=True)
class Objects:
    """A place in a bucket. Credentials come from the environment (AWS_ACCESS_KEY_ID and so on) alone.

    Always true: an object under a name is whole; `put_new` never changes one that is there.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"

    @classmethod
    def from_url(cls, url: str, endpoint: str = "", region: str = "us-east-1") -> "Objects":
        """The place that `s3://bucket/prefix` names; raises BadInput."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise BadInput(why=f"write it as s3://bucket/prefix, not {url[:80]!r}")
        return cls(parts.netloc, parts.path.strip("/"), endpoint, region)

    @property
    def label(self) -> str:
        """How errors and logs name it."""
        return f"s3://{self.bucket}/{self.prefix}"

    @cached_property
    def _store(self) -> "S3Store":
        if find_spec("obstore") is None:
            raise ObjectsExtraMissing(
                what_is=Text("the package obstore", "obstore 패키지"),
                why=Text("the extra `cluster` is not installed", "`cluster` 추가 구성이 설치되지 않음"),
            )
        from obstore.store import S3Store

        own = {"endpoint": self.endpoint, "virtual_hosted_style_request": False} if self.endpoint else {}
        return S3Store(
            self.bucket,
            prefix=self.prefix or None,
            region=self.region,
            client_options={
                "allow_http": self.endpoint.startswith("http://"),
                "timeout": timedelta(seconds=60),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
            **own,  # pyright: ignore[reportArgumentType]  # two of its settings
        )

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Raises ObjectsRefused instead of the client's errors, except for what is or is not there."""
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            yield
        except (FileNotFoundError, AlreadyExistsError):
            raise
        except BaseError as error:
            why = (str(error).strip().splitlines() or ["no reason"])[0][:160]
            raise ObjectsRefused(what_is=self.label, why=why) from error

    def put_new(self, name: str, data: "bytes | Path") -> bool:
        """Write an object unless there is one of this name; whether it was written. Raises ObjectsRefused.

        A larger file than 64 MiB goes in parts, without a condition: only for names that fix the bytes.
        """
        store = self._store
        from obstore.exceptions import AlreadyExistsError

        large = isinstance(data, Path) and data.stat().st_size > WHOLE_BYTES
        with self._translated():
            try:
                if large:
                    if self.has(name):
                        return False
                    store.put(name, data, chunk_size=WHOLE_BYTES // 8)
                else:
                    store.put(name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Write an object in place of the one there. Raises ObjectsRefused."""
        store = self._store
        with self._translated():
            store.put(name, data, use_multipart=False)

    def get(self, name: str) -> bytes | None:
        """A small object whole, None when there is none. Raises ObjectsRefused."""
        try:
            return b"".join(self.pieces(name))
        except FileNotFoundError:
            return None

    def pieces(self, name: str) -> Iterator[bytes]:
        """An object in pieces of about 1 MiB. Raises FileNotFoundError, ObjectsRefused."""
        store = self._store
        with self._translated():
            for piece in store.get(name).stream(min_chunk_size=_PIECE_BYTES):
                yield bytes(piece)

    def has(self, name: str) -> bool:
        """Whether there is an object of this name. Raises ObjectsRefused."""
        store = self._store
        with self._translated():
            try:
                store.head(name)
            except FileNotFoundError:
                return False
        return True

    def remove(self, name: str) -> None:
        """Remove an object, if it is there. Raises ObjectsRefused."""
        store = self._store
        with self._translated():
            try:
                store.delete(name)
            except FileNotFoundError:
                return
