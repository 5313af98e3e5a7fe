"""What the registry says, one module per room: standards, plans, units, cards, certificates, programmes, cases."""

from shared.events.registry.cards import (
    CardGraded,
    CardIssued,
    CardLapsed,
    CardReinstated,
    CardRenewed,
    CardRevoked,
    CardStanding,
    CardSuspended,
)
from shared.events.registry.cases import CaseClosed, CaseCounts, CaseOpened, CaseStanding
from shared.events.registry.certificates import (
    CertificateCorrected,
    CertificateFiled,
    CertificateReinstated,
    CertificateReissued,
    CertificateRevoked,
    CertificateStanding,
    CertificateSuspended,
    CertificateVoided,
    FilingRejected,
)
from shared.events.registry.organisations import (
    Grant,
    Standing,
    UnitAuthorised,
    UnitLapsed,
    UnitReinstated,
    UnitSuspended,
)
from shared.events.registry.plans import PlanFiled, PlanReturned, PlanSubmitted, Scope
from shared.events.registry.programmes import RegimeScheduled, RegimeTerm
from shared.events.registry.standards import Alternative, Conditions, Dimension, Part, Predicate, StandardPublished

__all__ = [
    "Alternative",
    "CardGraded",
    "CardIssued",
    "CardLapsed",
    "CardReinstated",
    "CardRenewed",
    "CardRevoked",
    "CardStanding",
    "CardSuspended",
    "CaseClosed",
    "CaseCounts",
    "CaseOpened",
    "CaseStanding",
    "CertificateCorrected",
    "CertificateFiled",
    "CertificateReinstated",
    "CertificateReissued",
    "CertificateRevoked",
    "CertificateStanding",
    "CertificateSuspended",
    "CertificateVoided",
    "Conditions",
    "Dimension",
    "FilingRejected",
    "Grant",
    "Part",
    "PlanFiled",
    "PlanReturned",
    "PlanSubmitted",
    "Predicate",
    "RegimeScheduled",
    "RegimeTerm",
    "Scope",
    "StandardPublished",
    "Standing",
    "UnitAuthorised",
    "UnitLapsed",
    "UnitReinstated",
    "UnitSuspended",
]
