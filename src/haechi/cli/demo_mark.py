"""The marked picture of the demonstration: made by code, marked, sent around, found again."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from haechi.cli.demo_studio import open_studio, publish
from haechi.findings import Finding, Verdict, declare, found
from haechi.mark.extra import ExtraMissing, require
from haechi.words import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haechi.cli.demo_steps import Demonstration
    from haechi.mark.pipeline import Produced

SIZE = (768, 1024)
STRIP = "picture-strip.png"
_SHADES = {"#": 255, "?": 150, ".": 0}

declare(
    "demo.picture",
    Text("Marked picture", "표시된 그림"),
    {
        "marked": (
            Verdict.HOLDS,
            Text("mark {payload}, {psnr_db} dB, {size} bytes", "마크 {payload}, {psnr_db} dB, {size}바이트"),
        ),
        "as-expected": (
            Verdict.HOLDS,
            Text("{what}: {state}, maker {maker}", "{what}: {state}, 제작자 {maker}"),
        ),
        "unexpected": (
            Verdict.FAILS,
            Text(
                "{what}: expected {expected}, got {state}",
                "{what}: 기대한 결과 {expected}, 실제 {state}",
            ),
        ),
        "strip": (Verdict.HOLDS, Text("picture strip: {path}", "그림 띠: {path}")),
    },
)

_SAID = {
    "agree": Text("mark, log and picture agree", "마크, 로그, 그림이 일치함"),
    "copied": Text("the mark is genuine, the picture another one", "마크는 실재하지만 다른 그림임"),
}
_CHANGED = Text("mark and log agree, a part was changed", "마크와 로그는 일치하고 일부가 바뀜")


def missing_extra() -> ExtraMissing | None:
    """Why pictures cannot be marked here; None when they can."""
    try:
        require("haechi.mark.bulk")
        require("c2pa")
        require("pdqhash")
        require("iscc_core")
    except ExtraMissing as error:
        return error
    return None


class PictureShow:
    """The steps around one picture. Always true: what is shown was answered by the UK's node just then."""

    def __init__(self, demo: "Demonstration", issuer: str) -> None:
        self.demo = demo
        self.issuer = issuer
        self.original: NDArray[Any]
        self.marked: NDArray[Any]
        self.attacked: NDArray[Any]
        self.rows: list[str] = []
        self.produced: Produced

    def mark(self) -> list[Finding]:
        """The company marks a picture made by code, and registers the statement and the files beside it."""
        import numpy as np

        from haechi.mark.image import Payload, open_picture
        from haechi.mark.pipeline import Wish, produce

        now = datetime.now(UTC)
        studio = open_studio(self.demo, self.issuer, "Demonstration Studio", "studio", now)
        self.original = scene(np.random.default_rng(20240522))
        source = encoded(self.original, "PNG")
        wish = Wish(("KR", "EU", "CN", "US-CA"), notice=True, psnr_db=42.0)
        payload = Payload.fresh(studio.maker.namespace)
        self.produced = produce(source, "harbour", studio, wish, payload, now)
        self.marked = open_picture(self.produced.data).pixels
        (self.demo.root / "marked.png").write_bytes(self.produced.data)
        statement = publish(self.demo, self.produced, studio, now)
        psnr = round(self.produced.psnr_db, 1)
        size = len(self.produced.data)
        told = found("demo.picture.marked", payload=self.produced.payload, psnr_db=psnr, size=size)
        duties = [each for each in self.produced.findings if each.verdict is Verdict.HOLDS]
        return [told, statement.check_signature(), *duties]

    def find(self) -> list[Finding]:
        """A social pipeline crops, resizes, recompresses and strips; the UK's node names the maker."""
        import cv2
        import numpy as np

        height, width = self.marked.shape[:2]
        cut = self.marked[height // 12 : -height // 16, width // 10 : -width // 14]
        size = (round(cut.shape[1] * 0.72), round(cut.shape[0] * 0.72))
        small = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
        data = encoded(small, "JPEG", quality=70)
        self.attacked = decoded(data)
        (self.demo.root / "as-found.jpg").write_bytes(data)
        what = Text(
            "cropped, resized, recompressed, stripped", "자르고 줄이고 다시 압축하고 메타데이터를 지움"
        )
        return [self._ask(what, data, "agree", self.issuer)]

    def tell_apart(self) -> list[Finding]:
        """The mark copied onto another picture, and the marked picture with something put over it."""
        import cv2
        import numpy as np

        other = scene(np.random.default_rng(7)).astype(np.float32)
        noise = self.marked.astype(np.float32) - cv2.bilateralFilter(self.marked, 7, 30, 5).astype(np.float32)
        forged = np.clip(other + 1.5 * np.clip(noise, -8, 8), 0, 255).astype(np.uint8)
        covered = self.marked.copy()
        height, width = covered.shape[:2]
        place = (slice(height // 3, height // 2), slice(width // 4, width // 2))
        covered[place] = scene(np.random.default_rng(11))[place]
        copied = Text("the mark copied onto another picture", "마크를 다른 그림에 복사함")
        altered = Text("a part of the marked picture replaced", "표시된 그림의 일부를 바꿈")
        findings = [
            self._ask(copied, encoded(forged, "PNG"), "copied", self.issuer, partial=None),
            self._ask(altered, encoded(covered, "PNG"), "agree", self.issuer, partial=True),
        ]
        path = self.demo.root / STRIP
        path.write_bytes(encoded(self._strip(covered), "PNG"))
        return [*findings, found("demo.picture.strip", path=str(path))]

    def _ask(
        self, what: Text, data: bytes, state: str, maker: str, *, partial: bool | None = False
    ) -> Finding:
        """What the UK's node says of a picture, against what it should; partial: None when either will do."""
        with self.demo.nodes["uk"].client() as client:
            body = client.post("/marks/look", data, "application/octet-stream", 1 << 20).body
        told = json.loads(body)
        codes = {layer["code"] for layer in told["layers"]}
        self.rows = told["presence"] or self.rows
        right = told["state"] == state and told["maker"] == maker
        right = right and partial in (None, "mark.presence.partial" in codes)
        changed = "mark.presence.partial" in codes
        if not right:
            shown = told["state"] + (" + partial" if changed else "")
            return found("demo.picture.unexpected", what=what, expected=state, state=shown)
        shown = _CHANGED if changed and state == "agree" else _SAID[state]
        return found("demo.picture.as-expected", what=what, state=shown, maker=told["maker"])

    def _strip(self, covered: "NDArray[Any]") -> "NDArray[Any]":
        """Original, marked, difference x20, as found, altered, and where the altered one holds the mark."""
        import numpy as np

        difference = (self.marked.astype(np.int16) - self.original.astype(np.int16)) * 20 + 128
        presence = shown(self.rows)
        parts = [
            self.original,
            self.marked,
            np.clip(difference, 0, 255).astype(np.uint8),
            self.attacked,
            covered,
            presence,
        ]
        return np.hstack([fitted(part) for part in parts])


def scene(rng: Any) -> "NDArray[Any]":  # noqa: ANN401  # a NumPy generator, and NumPy may be absent
    """A harbour at dusk, made by code: sky, sun, hills, water with ripples. 768 x 1024 RGB."""
    import cv2
    import numpy as np

    height, width = SIZE
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    picture: Any
    low, high = rng.uniform(60, 120, 3), rng.uniform(150, 240, 3)
    picture = low + (high - low) * (rows / height)[..., None]
    sun = np.exp(-((columns - rng.uniform(200, 800)) ** 2 + (rows - rng.uniform(150, 350)) ** 2) / 9000)
    picture += sun[..., None] * np.array([90.0, 60.0, 10.0])
    blur: Any = cv2.GaussianBlur
    for layer in range(5):
        phase, sway = rng.uniform(0, 6, 4), rng.uniform(10, 45, 4)
        ridge: Any = np.full(width, 330.0 + 55 * layer)
        for at in range(4):
            ridge = ridge + sway[at] / (at + 1) * np.sin(columns[0] * (at + 1) / 140 + phase[at])
        shade: Any = np.array([70.0, 80.0, 90.0]) - 11 * layer + rng.uniform(-8, 8, 3)
        grain: Any = rng.normal(0, 55, SIZE).astype(np.float32)
        rough: Any = blur(grain, (0, 0), 1.2 + layer * 0.5)
        below: Any = rows > ridge
        picture[below] = (shade + rough[..., None])[below]
    water: Any = rows > height * 0.82
    ripple: Any = 14 * np.sin(rows / 3.1 + 5 * np.sin(columns / 47)) + rng.normal(0, 5, SIZE)
    picture[water] = (np.array([60.0, 85.0, 105.0]) + ripple[..., None])[water]
    return np.clip(picture, 4, 250).astype(np.uint8)


def shown(rows: Sequence[str]) -> "NDArray[Any]":
    """A presence map as pixels: white where the mark is, black where it is missing, grey: nobody can tell."""
    import numpy as np

    cells = np.array([[_SHADES[sign] for sign in row] for row in rows], np.uint8)
    return np.repeat(cells[..., None], 3, axis=2)


def fitted(picture: "NDArray[Any]") -> "NDArray[Any]":
    """The picture inside 256 x 192 pixels on grey."""
    import cv2
    import numpy as np

    shrink = min(256 / picture.shape[1], 192 / picture.shape[0])
    size = (max(1, round(picture.shape[1] * shrink)), max(1, round(picture.shape[0] * shrink)))
    way = cv2.INTER_AREA if shrink < 1 else cv2.INTER_NEAREST
    small = cv2.resize(picture, size, interpolation=way)
    made = np.full((192, 260, 3), 90, np.uint8)
    made[: small.shape[0], : small.shape[1]] = small
    return made


def encoded(pixels: "NDArray[Any]", file_format: str, **settings: int) -> bytes:
    """The pixels as a file without any metadata."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.fromarray(pixels).save(out, file_format, **settings)
    return out.getvalue()


def decoded(data: bytes) -> "NDArray[Any]":
    """The pixels of a file."""
    from haechi.mark.image import open_picture

    return open_picture(data).pixels


def picture_steps(demo: "Demonstration", issuer: str) -> None:
    """The steps with the picture; when the extra is absent, says that they were left out, and why."""
    absent = missing_extra()
    if absent is not None:
        title = Text("The marked picture is left out", "표시된 그림 단계는 생략")
        demo.out.heading(title.say(demo.out.lang))
        demo.out.say(f"    {absent.say(demo.out.lang)}. {absent.advise(demo.out.lang)}")
        demo.steps.append({"left_out": title.say(demo.out.lang), "why": absent.as_dict(demo.out.lang)})
        return
    show = PictureShow(demo, issuer)
    demo.step(
        Text(
            "The company marks a picture made by code and registers the mark in Korea",
            "기업이 코드로 만든 그림에 표시를 넣고 한국에 등록",
        ),
        show.mark,
    )
    demo.step(
        Text(
            "A copy comes back from a social network; the UK's node finds the mark and names the maker",
            "소셜 네트워크를 거친 사본에서 영국 노드가 마크를 찾아 제작자를 밝힘",
        ),
        show.find,
    )
    demo.step(
        Text(
            "A copied mark and an altered picture are told apart",
            "복사된 마크와 변형된 그림을 구별",
        ),
        show.tell_apart,
    )
