"""What a row of a list of units may say."""

from pydantic import ConfigDict, Field

from services.registry.organisations.commands import Code, Name
from shared.command import Command, FreeText


class UnitRow(Command):
    """One pilot unit of a list; a cell left empty leaves what is on the register as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "示例浙江第七鉴定站（虚构）",
                    "authority": "33",
                    "uscc": "52000000EXAMPLE11R",
                    "region_code": "330106",
                    "appraisal_code": "99002007",
                    "address": "示例路7号",
                    "phone": "0571-00000007",
                }
            ]
        }
    )

    name: Name = Field(description="Chinese name")
    authority: Code = Field(min_length=1, description="authority code of its line")
    name_en: str = Field(default="", max_length=200, description="English name")
    uscc: Code = Field(default="", description="unified social credit code; with it a unit is known again")
    uscc_document: FreeText = Field(
        default="", max_length=200, description="document showing a code that fails its check"
    )
    uscc_reason: FreeText = Field(default="", max_length=500, description="what was compared in that document")
    region_code: Code = Field(default="", description="GB/T 2260 code of its seat, six digits")
    appraisal_code: Code = Field(default="", description="issuer code of the appraisal regime, 8 digits")
    recognition_code: Code = Field(default="", description="issuer code of the recognition regime, 13 characters")
    address: str = Field(default="", max_length=200, description="office")
    phone: str = Field(default="", max_length=40, description="the office's number, not a person's")
    email: str = Field(default="", max_length=200, description="the office's address, not a person's")

    def issuer_codes(self) -> dict[str, str]:
        """The issuer codes it names, by regime."""
        named = {"appraisal": self.appraisal_code, "recognition": self.recognition_code}
        return {regime: code for regime, code in named.items() if code}
