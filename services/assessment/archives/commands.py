"""What can be asked about the archive of a batch."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from shared.command import Command, FreeText

Address = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*:[^\s]+$", max_length=500)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Line = Annotated[FreeText, Field(min_length=1, max_length=200)]
Words = Annotated[FreeText, Field(min_length=1, max_length=1000)]
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class EnterDocument(Command):
    """A document of the archive: where it is kept, and the hash by which it is known again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "item": "paper_custody",
                    "name": "试卷领取与回收记录.pdf",
                    "url": "https://files.example.org/2019/custody.pdf",
                    "sha256": DIGEST,
                    "pages": 3,
                }
            ]
        }
    )

    item: Slug = Field(description="item of the checklist whose source is `document`")
    name: Line = Field(description="name of the document; no person's")
    url: Address = Field(description="where it is kept")
    sha256: Sha256 = Field(description="SHA-256 of its content, hexadecimal")
    pages: int | None = Field(default=None, ge=1, le=100_000)


class WriteReport(Command):
    """The supervisor's report on a batch; a later one stands beside the earlier."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "考场秩序良好，评分独立。", "findings": ["二号工位护目镜不足，已当场补齐。"]}]
        }
    )

    text: Annotated[FreeText, Field(min_length=1, max_length=10_000)] = Field(description="the report")
    findings: Annotated[tuple[Words, ...], Field(max_length=50)] = Field(
        default=(), description="what was not in order"
    )
    url: Address | None = Field(default=None, description="where the signed original is kept")
    sha256: Sha256 | None = Field(default=None, description="SHA-256 of the original, hexadecimal")


class ViewItem(Command):
    """An item of the archive is viewed: with an approval, and with two people present."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "item": "sheets",
                    "reason": "成绩复核",
                    "approved_by": "站长",
                    "witnesses": ["档案员甲", "督导员乙"],
                }
            ]
        }
    )

    item: Slug = Field(description="item of the checklist")
    reason: Words
    approved_by: Line = Field(description="who approved it")
    witnesses: tuple[Line, Line] = Field(description="the two people present")
    after: str = Field(default="", max_length=100, description="entry after which the rows go on")


class VerifyManifest(Command):
    """A signed manifest, as it was given out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"manifest": "eyJhbGciOiJFZDI1NTE5In0.e30.c2ln"}]})

    manifest: Annotated[str, StringConstraints(min_length=1, max_length=1_000_000)] = Field(
        description="the compact JWS of a manifest"
    )
