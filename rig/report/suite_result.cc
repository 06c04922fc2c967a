// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/report/suite_result.h"

namespace rig {

CheckVerdict PointResult::verdict() const {
    auto worst = checks.empty() ? CheckVerdict::Open : CheckVerdict::Holds;
    for (const auto& check : checks) {
        if (check.verdict == CheckVerdict::Fails) return CheckVerdict::Fails;
        if (check.verdict == CheckVerdict::Open) worst = CheckVerdict::Open;
    }
    return worst;
}

Exit SuiteResult::exit() const {
    auto exit = points.empty() ? Exit::Inconclusive : Exit::Pass;
    for (const auto& point : points) {
        if (point.verdict() == CheckVerdict::Fails) return Exit::Fail;
        if (point.verdict() == CheckVerdict::Open) exit = Exit::Inconclusive;
    }
    return exit;
}

} // namespace rig
