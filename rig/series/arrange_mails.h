// SPDX-License-Identifier: GPL-2.0-or-later
// Which mails of an mbox or a folder are the patches of the series, and in which order. Pure.
#pragma once

#include "rig/base/error.h"
#include "rig/series/mail.h"
#include "rig/series/patch_subject.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct Arrangement {
    std::vector<std::size_t> patches; // indexes into the mails, in the order of application
    std::optional<std::size_t> cover; // the cover letter
    PatchVersion version;
    std::vector<std::string> remarks; // what was set apart, and what was chosen; one line each
};

// Patches are ordered by their numbers; without numbers they keep the order of `mails`. Cover
// letters, replies and mails without a patch are set apart and counted. If a numbered series is
// there in several versions, the highest one is taken. `name` is the source's, for messages.
//
// FaultDomain::Spec, naming the mails: a number that is missing or there twice, patches with and
// without numbers together, different totals, patches of several versions without numbers, a mail
// that is a patch by its subject and has none that can be read, and no patch at all.
Result<Arrangement> arrange_mails(const std::vector<Mail>& mails, const std::string& name);

} // namespace rig
