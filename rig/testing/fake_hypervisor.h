// SPDX-License-Identifier: GPL-2.0-or-later
// A hypervisor that plays a script: what the guest sends, what its console contains, and how it
// ends.
#pragma once

#include "guest/protocol/protocol.h"
#include "rig/base/files.h"
#include "rig/hypervisor/hypervisor.h"

#include <fmt/format.h>
#include <fstream>
#include <mutex>
#include <optional>
#include <vector>

namespace rig::testing {

struct FakeBoot {
    std::string sends;   // bytes on the channel
    std::string console; // written to the console log
    decltype(GuestEnd::outcome) outcome = Exited{0};
    std::string start_error; // not empty: the guest did not start
    bool console_flood = false;
    double starved_seconds = 0;
    // When the guest says good-bye, the console ends with the agent's last message.
    bool console_heard = true;
    std::string messages = "qemu says";
    std::string registers{}; // registers of a guest that hangs
    // The kernel log that a hanging guest sends; default: its console.
    std::optional<std::string> kernel_log{};
    // The switches of its detectors.
    std::optional<std::string> switches = "rcupdate.rcu_cpu_stall_suppress 0\n";
    bool panicked = false;                      // the panic device was notified
    std::vector<std::string> registers_again{}; // see GuestEnd
    std::string dump{};                         // memory dump, if one is requested
};

class FakeHypervisor : public Hypervisor {
 public:
    explicit FakeHypervisor(std::vector<FakeBoot> boots) : boots_(std::move(boots)) {}

    Result<GuestEnd> run(const BootRequest& request,
                         const std::function<bool(std::string_view)>& on_bytes,
                         std::stop_token stop) override {
        FakeBoot boot;
        {
            const std::lock_guard lock(mutex_);
            requests.push_back(request);
            initrds.push_back(slurp(request.initrd));
            boot = boots_[std::min(requests.size(), boots_.size()) - 1];
        }
        if (!boot.start_error.empty()) return fail(FaultDomain::Host, boot.start_error);
        if (stop.stop_requested()) return end_of(Cancelled{}, 0);
        const auto bye = boot.sends.find(guest::encode(guest::FrameType::Bye, ""));
        if (bye != std::string::npos)
            boot.sends.insert(
                bye,
                (boot.switches ? guest::encode_artifact(guest::kDetectorSwitches, *boot.switches)
                               : "") +
                    guest::encode_artifact(guest::kKernelLog,
                                           boot.kernel_log.value_or(
                                               "[ 0.0][ T0] Linux version 0.0\n" + boot.console)));
        std::ofstream(request.console_log)
            << boot.console
            << (boot.console_heard && bye != std::string::npos
                    ? fmt::format("[ 99.0][ T1] {}\n", guest::kLastWords)
                    : "");
        if (!boot.sends.empty() && !on_bytes(boot.sends)) return end_of(Cancelled{}, 0.5);
        auto end = end_of(boot.outcome, 0.5);
        end.starved_seconds = boot.starved_seconds;
        end.messages = boot.messages;
        end.panicked = boot.panicked;
        end.console_flood = boot.console_flood;
        end.registers = boot.registers;
        end.registers_again = boot.registers_again;
        if (!boot.dump.empty() && !request.memory_dump.empty())
            std::ofstream(request.memory_dump, std::ios::binary) << boot.dump;
        return end;
    }
    Result<std::string> version(const Arch&) override {
        return std::string("QEMU emulator version 0.0 (fake)");
    }

    Result<std::optional<OtherHost>> other_host() override { return elsewhere; }

    std::optional<OtherHost> elsewhere; // the other host on which the guests run
    std::vector<BootRequest> requests;
    std::vector<std::string> initrds; // content of the initramfs of each boot

 private:
    static GuestEnd end_of(decltype(GuestEnd::outcome) outcome, double seconds) {
        GuestEnd end;
        end.outcome = outcome;
        end.seconds = seconds;
        return end;
    }
    std::vector<FakeBoot> boots_;
    std::mutex mutex_;
};

} // namespace rig::testing
