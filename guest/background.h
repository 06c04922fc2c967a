// SPDX-License-Identifier: GPL-2.0-or-later
// Commands that run next to the workload while it is measured, such as cyclictest on an isolated
// CPU.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <sys/types.h>
#include <vector>

namespace rig::guest {

class Backgrounds {
 public:
    ~Backgrounds();
    // Starts every entry of the plan's "backgrounds" and lets them settle. False: `error` names the
    // one that did not start.
    bool start(const nlohmann::json& list, const std::string& pass, std::string& error);
    // Ends them with SIGINT. False if one had already ended, and so did not run next to the whole
    // workload.
    bool stop(std::string& error);
    // Names of their output files in /tmp (stdout and stderr together), for the host.
    const std::vector<std::string>& outputs() const { return outputs_; }

 private:
    struct Running {
        std::string name, output;
        pid_t pid;
    };
    std::vector<Running> running_;
    std::vector<std::string> outputs_;
};

} // namespace rig::guest
