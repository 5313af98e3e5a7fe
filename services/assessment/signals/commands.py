"""What can be asked about signals."""

from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText


class NoteSignal(Command):
    """Somebody looked into a finding and writes down what they found."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"remark": "与三位考评员核对记录,计时有误,评分无异常"}]})

    remark: Annotated[FreeText, Field(min_length=1, max_length=1000)]
