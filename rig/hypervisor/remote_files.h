// SPDX-License-Identifier: GPL-2.0-or-later
// The files of a guest that runs on another host, through libvirt's storage alone: what it needs
// goes up, what it writes comes back as it grows. Nothing else of that host is touched, and no
// other program is needed there.
//
// They lie in the pool `rig` (a folder), which is made where there is none. The guest writes its
// channel and console into files there, as on this host (docs/explanation/design-choices.md says
// why files): that they are read over the network slows nothing in the guest. Volumes go with their
// boot, the kernel with the connection; what a killed rig leaves, `virsh vol-list rig` shows.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <libvirt/libvirt.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace rig {

inline constexpr const char* kRemotePool = "rig";
inline constexpr const char* kRemotePoolFolder =
    "/var/lib/libvirt/images/rig"; // where libvirt's own policies let QEMU read and write

// A file of the pool; it is removed with this object.
class RemoteVolume {
 public:
    RemoteVolume(RemoteVolume&& other) noexcept
        : volume_(std::exchange(other.volume_, nullptr)), path_(std::move(other.path_)) {}
    RemoteVolume& operator=(RemoteVolume&&) = delete;
    ~RemoteVolume();
    const std::string& path() const { return path_; } // on that host
    virStorageVolPtr get() const { return volume_; }

 private:
    friend class RemotePool;
    RemoteVolume(virStorageVolPtr volume, std::string path)
        : volume_(volume), path_(std::move(path)) {}
    virStorageVolPtr volume_ = nullptr;
    std::string path_;
};

// Of one connection, which outlives it. Members may be called from any thread.
class RemotePool {
 public:
    explicit RemotePool(virConnectPtr connection) : connection_(connection) {}
    ~RemotePool();
    RemotePool(const RemotePool&) = delete;
    RemotePool& operator=(const RemotePool&) = delete;

    // Errors of all: FaultDomain::Host. `name` is unique among the pool's volumes.
    Result<RemoteVolume> upload(const std::filesystem::path& file, const std::string& name,
                                std::stop_token stop);
    Result<RemoteVolume> empty(const std::string& name); // that QEMU may write
    // The path there of a file that stays the same as long as the connection lives: it goes up
    // once.
    Result<std::string> upload_once(const std::filesystem::path& file, const std::string& name,
                                    std::stop_token stop);

 private:
    Status find_pool(); // with mutex_
    Result<RemoteVolume> create(const std::string& name, std::uintmax_t bytes, const char* mode);

    virConnectPtr connection_;
    std::mutex mutex_;
    virStoragePoolPtr pool_ = nullptr;
    std::mutex uploads_mutex_;
    std::map<std::filesystem::path, RemoteVolume> uploads_;
};

// Those of one boot.
class RemoteFiles {
 public:
    static Result<RemoteFiles> stage(virConnectPtr connection, RemotePool& pool,
                                     const BootRequest& request, const std::string& name,
                                     std::stop_token stop);

    // The same boot in the words of that host.
    const BootRequest& there() const { return there_; }
    // Appends to the local console log and channel what came since the last time. False: could not
    // be had, or a file is shorter than it was (virtlogd began another): then torn().
    bool mirror();
    bool torn() const { return torn_; }

 private:
    struct Mirror {
        RemoteVolume volume;
        std::filesystem::path local;
        unsigned long long have = 0;
    };
    RemoteFiles(virConnectPtr connection, BootRequest there, RemoteVolume initrd, Mirror console,
                Mirror channel)
        : connection_(connection), there_(std::move(there)), initrd_(std::move(initrd)),
          console_(std::move(console)), channel_(std::move(channel)) {}
    bool follow(Mirror& file);

    virConnectPtr connection_;
    BootRequest there_;
    RemoteVolume initrd_;
    Mirror console_, channel_;
    bool torn_ = false;
};

} // namespace rig
