"""Codes of a unit: credit code, region, authority and issuer codes, each checked by the rule that makes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stdnum.cn import uscc as credit_code
from stdnum.exceptions import ValidationError

from services.registry.organisations.commands import Proof
from shared.errors import Fault, Kind


class InvalidUscc(Fault):
    """This is no unified social credit code of GB 32100-2015."""

    slug, kind = "invalid-uscc", Kind.INVALID


class UnknownRegion(Fault):
    """This is no region code of GB/T 2260."""

    slug, kind = "unknown-region", Kind.INVALID


class UnknownAuthority(Fault):
    """No authority of the programme has this code."""

    slug, kind = "unknown-authority", Kind.INVALID


class InvalidIssuerCode(Fault):
    """The issuer code does not fit the certificate number of its regime."""

    slug, kind = "invalid-issuer-code", Kind.INVALID


class CodeTaken(Fault):
    """Another unit has this code already."""

    slug, kind = "code-taken", Kind.CONFLICT


@dataclass(frozen=True)
class Codes:
    """What codes must be like: regions of GB/T 2260, authority codes, and the issuer pattern of each regime."""

    regions: Mapping[str, str]
    authorities: frozenset[str]
    issuers: Mapping[str, str]

    def check(self, uscc: str, proof: Proof | None, region_code: str, issuer_codes: Mapping[str, str]) -> None:
        """Refuse the first code that is wrong; empty ones are not known yet."""
        check_uscc(uscc, proof)
        self.check_region(region_code)
        for regime, code in issuer_codes.items():
            self._check_issuer(regime, code)

    def check_authority(self, code: str, field: str = "/authority") -> None:
        """An authority code is not a region code: 66 is the corps, C and a serial a central enterprise."""
        if code not in self.authorities:
            raise UnknownAuthority(
                "take the code of a registered authority; list them with ?kind=", field=field, rule="authority_code"
            )

    def check_region(self, code: str, field: str = "/region_code") -> None:
        """Six digits whose first two are a region; the corps' authority code 66 is none."""
        if not code:
            return
        if re.fullmatch(r"[0-9]{6}", code) is None:
            raise UnknownRegion("a region code is six digits", field=field, rule="GB/T 2260")
        if code[:2] not in self.regions:
            raise UnknownRegion(
                "its first two digits are no region; places of the corps (authority 66) have codes under 65",
                field=field,
                rule="GB/T 2260",
            )

    def _check_issuer(self, regime: str, code: str) -> None:
        field = f"/issuer_codes/{regime}"
        pattern = self.issuers.get(regime)
        if pattern is None:
            known = " or ".join(self.issuers)
            raise InvalidIssuerCode(f"name the regime {known}", field="/issuer_codes", rule="issuer.codes")
        if re.fullmatch(pattern, code) is None:
            raise InvalidIssuerCode(f"the code has the form {pattern}", field=field, rule="issuer.codes")
        if regime == "recognition" and code[5:7] not in {*self.regions, *self.authorities, "00"}:
            raise InvalidIssuerCode(
                "characters 6 and 7 are a region's first two digits, 66 for the corps, or 00 for none",
                field=field,
                rule="issuer.codes",
            )


def check_uscc(code: str, proof: Proof | None) -> None:
    """The form and check digit, unless a document shows the code: some codes in use fail their check digit."""
    if not code:
        return
    if proof is not None:
        if re.fullmatch(r"[0-9A-Z]{18}", code) is None:
            raise InvalidUscc("even by document it has 18 digits and capital letters", field="/uscc", rule="GB 32100")
        return
    try:
        right = credit_code.validate(code) == code
    except ValidationError:
        right = False
    if not right:
        raise InvalidUscc(
            "mend the code (18 characters, capital letters), or name the document that shows it",
            field="/uscc",
            rule="GB 32100",
        )
