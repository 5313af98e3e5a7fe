"""The rules of cycles: windows of stages, what they allow, and who may be late."""

from services.evaluation.cycles.domain.cycle import Cycle, CycleUnknown, Extension, ExtensionRefused, OutsideTheWindow
from services.evaluation.cycles.domain.stages import (
    NoticeStage,
    Stage,
    StagesOutOfOrder,
    StageUnknown,
    Term,
    WindowBegun,
    WindowTurned,
    laid_out,
    next_moment,
)

__all__ = [
    "Cycle",
    "CycleUnknown",
    "Extension",
    "ExtensionRefused",
    "NoticeStage",
    "OutsideTheWindow",
    "Stage",
    "StageUnknown",
    "StagesOutOfOrder",
    "Term",
    "WindowBegun",
    "WindowTurned",
    "laid_out",
    "next_moment",
]
