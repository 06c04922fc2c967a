// SPDX-License-Identifier: GPL-2.0-or-later
// The wire between rig and its guest: frames over a byte stream (virtio-serial), and the plan, a
// file in the initramfs of one frame. The only guest code the host links. Nothing here touches the
// host.
//
//   offset size  field (little endian)
//   0      4     magic "RIGf"
//   4      2     version (kProtocolVersion)
//   6      2     type (FrameType)
//   8      4     payload length, at most kMaxPayload
//   12     n     payload
//
// Payloads: Hello, Plan, Result and Failure are JSON objects; Log is text; Artifact is one byte of
// name length, the name ([a-z0-9.-]{1,64}) and a chunk of the file's content. The host treats every
// byte from a guest as untrusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rig::guest {

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::uint32_t kMaxPayload = 1 << 20; // one frame
inline constexpr std::uint64_t kMaxStream =
    256ull << 20; // all frames of one boot: a flooding guest is cut off here
inline constexpr const char* kChannelName = "org.rig.channel.0"; // virtio-serial port name
// What the agent writes to the kernel's log last, as a warning: a console on which it is missing
// shows no warning at all.
inline constexpr const char* kLastWords = "rig-agent: the console is heard";
// The artifact of the kernel's whole log, in the console's format, and the line in it where records
// were overwritten unread.
inline constexpr const char* kKernelLog = "kernel-log.txt";
inline constexpr const char* kLogOverran = "rig-agent: records are missing here";
// In that artifact, between a line's head and its text, where the kernel's own lines have a blank:
// a program wrote it to /dev/kmsg. "[   12.345678][   T44]<user space> text".
inline constexpr const char* kUserSpace = "<user space>";
// The artifact of what the switches of the kernel's detectors said, and the mark of one that was
// thrown (guest/detectors.h).
inline constexpr const char* kDetectorSwitches = "detectors.txt";
inline constexpr const char* kThrown = " -> ";
// The plan's "kernel_names": who names the kernel addresses in perf's output. By the host they are
// printed as they are.
inline constexpr const char* kNamedByHost = "host";
inline constexpr const char* kNamedByGuest = "guest";
// Of the guest's clock, without a sign of its user space, until the machine's watchdog fires.
// (i6300esb takes 2046 at most.)
inline constexpr unsigned kWatchdogSeconds = 1200;
// Stage of the Failure frame of a guest that did not come to its end.
inline constexpr const char* kDeadlineStage = "deadline";
// The artifact of what the tasks of such a guest did (guest/task_states.h).
inline constexpr const char* kTasks = "tasks.json";
inline constexpr const char* kPlanFile = "/rig/plan.frames"; // the plan in the initramfs

enum class FrameType : std::uint16_t {
    Hello = 1,    // guest -> host: {"protocol", "release", "version", "cpus"}: the agent is ready
    Plan = 2,     // host -> guest, in kPlanFile: what to do, see guest_plan.h on the host's side
    Log = 3,      // guest -> host: a line for the evidence
    Artifact = 4, // guest -> host: a chunk of a named file
    Result = 5,   // guest -> host: what was measured in the agent itself
    Failure = 6,  // guest -> host: {"stage", "message"}: nothing was measured
    Bye = 7,      // guest -> host: last frame before power-off
};

struct Frame {
    FrameType type{};
    std::string payload;
};

std::string encode(FrameType type,
                   std::string_view payload); // payload at most kMaxPayload, else abort()

struct Artifact {
    std::string name;
    std::string chunk;
};
std::string encode_artifact(std::string_view name, std::string_view chunk);
std::optional<Artifact>
decode_artifact(std::string_view payload); // nullopt: malformed or a bad name

// Incremental decoder. After error() is set it yields nothing more: a stream that lost framing
// cannot be trusted.
class FrameReader {
 public:
    void feed(std::string_view bytes);
    std::optional<Frame> next();
    const std::string& error() const { return error_; }
    std::uint64_t total_bytes() const { return total_; }
    bool mid_frame() const {
        return error_.empty() && !buffer_.empty();
    } // bytes of an unfinished frame are pending

 private:
    std::string buffer_, error_;
    std::uint64_t total_ = 0;
};

} // namespace rig::guest
