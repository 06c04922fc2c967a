// SPDX-License-Identifier: GPL-2.0-or-later
// The protocol between rig and its guest: frames over a byte stream (virtio-serial), and the plan,
// a file with one frame in the initramfs. This is the only guest code that the host links. It
// accesses nothing of the host.
//
//   offset size  field (little endian)
//   0      4     magic "RIGf"
//   4      2     version (kProtocolVersion)
//   6      2     type (FrameType)
//   8      4     payload length, at most kMaxPayload
//   12     n     payload
//
// Payloads: Hello, Plan, Result and Failure are JSON objects. Log is text. Artifact is one byte
// with the length of a name, the name ([a-z0-9.-]{1,64}), and a chunk of the file's content. The
// host treats every byte from a guest as untrusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rig::guest {

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::uint32_t kMaxPayload = 1 << 20; // of one frame
// All frames of one boot: a guest that sends more is killed.
inline constexpr std::uint64_t kMaxStream = 256ull << 20;
inline constexpr const char* kChannelName = "org.rig.channel.0"; // virtio-serial port name
// The agent's last line in the kernel log, at warning level. A console that does not show it shows
// no warnings at all.
inline constexpr const char* kLastWords = "rig-agent: the console is heard";
// The artifact with the whole kernel log, in the console's format, and the line in it that marks
// overwritten records.
inline constexpr const char* kKernelLog = "kernel-log.txt";
inline constexpr const char* kLogOverran = "rig-agent: records are missing here";
// Marks a line in that artifact that a program wrote to /dev/kmsg. It replaces the blank between
// time stamp and text: "[   12.345678][   T44]<user space> text".
inline constexpr const char* kUserSpace = "<user space>";
// The artifact with the switches of the kernel's detectors, and the mark of a switch that was
// changed (guest/detectors.h).
inline constexpr const char* kDetectorSwitches = "detectors.txt";
inline constexpr const char* kThrown = " -> ";
// Values of the plan's "kernel_names": who resolves the kernel addresses in perf's output. If it is
// the host, perf prints plain addresses.
inline constexpr const char* kNamedByHost = "host";
inline constexpr const char* kNamedByGuest = "guest";
// Seconds of the guest's clock without a sign of life from user space after which the machine's
// watchdog fires. (The maximum of i6300esb is 2046.)
inline constexpr unsigned kWatchdogSeconds = 1200;
// The stage in the Failure frame of a guest that did not end in time.
inline constexpr const char* kDeadlineStage = "deadline";
// The artifact that describes the tasks of such a guest (guest/task_states.h).
inline constexpr const char* kTasks = "tasks.json";
inline constexpr const char* kPlanFile = "/rig/plan.frames"; // the plan in the initramfs

enum class FrameType : std::uint16_t {
    Hello = 1,    // guest -> host: {"protocol", "release", "version", "cpus"}: the agent is ready
    Plan = 2,     // host -> guest, in kPlanFile: what to do, see rig/plan/guest_plan.h
    Log = 3,      // guest -> host: a line for the evidence
    Artifact = 4, // guest -> host: a chunk of a named file
    Result = 5,   // guest -> host: the agent's own measurements
    Failure = 6,  // guest -> host: {"stage", "message"}: nothing was measured
    Bye = 7,      // guest -> host: last frame before power-off
};

struct Frame {
    FrameType type{};
    std::string payload;
};

// The payload must not exceed kMaxPayload: else abort().
std::string encode(FrameType type, std::string_view payload);

struct Artifact {
    std::string name;
    std::string chunk;
};
std::string encode_artifact(std::string_view name, std::string_view chunk);
// nullopt: malformed, or a bad name.
std::optional<Artifact> decode_artifact(std::string_view payload);

// Incremental decoder. After error() is set it returns no more frames: a stream that lost its
// framing cannot be trusted.
class FrameReader {
 public:
    void feed(std::string_view bytes);
    std::optional<Frame> next();
    const std::string& error() const { return error_; }
    std::uint64_t total_bytes() const { return total_; }
    // Bytes of an unfinished frame are pending.
    bool mid_frame() const { return error_.empty() && !buffer_.empty(); }

 private:
    std::string buffer_, error_;
    std::uint64_t total_ = 0;
};

} // namespace rig::guest
