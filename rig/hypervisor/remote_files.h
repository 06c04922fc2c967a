// SPDX-License-Identifier: GPL-2.0-or-later
// The files of a guest that runs on another host, through libvirt's storage alone. Files that the
// guest needs are uploaded; files that it writes are downloaded as they grow. Nothing else on that
// host is touched, and no other program is needed there.
//
// The files are volumes of the pool `rig` (a folder), which is created if it does not exist. The
// guest writes its channel and console into files there, as on this host
// (docs/explanation/design-choices.md gives the reasons), so that reading them over the network
// does not slow the guest down. Volumes are removed with their boot, the kernel with the
// connection. `virsh vol-list rig` shows what a killed rig left behind.
#pragma once

#include "rig/hypervisor/hypervisor.h"

#include <libvirt/libvirt.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace rig {

inline constexpr const char* kRemotePool = "rig";
// A folder that libvirt's own policies let QEMU read and write.
inline constexpr const char* kRemotePoolFolder = "/var/lib/libvirt/images/rig";

// A file of the pool, removed with this object.
class RemoteVolume {
 public:
    RemoteVolume(RemoteVolume&& other) noexcept
        : volume_(std::exchange(other.volume_, nullptr)), path_(std::move(other.path_)) {}
    RemoteVolume& operator=(RemoteVolume&&) = delete;
    ~RemoteVolume();
    const std::string& path() const { return path_; } // on the other host
    virStorageVolPtr get() const { return volume_; }

 private:
    friend class RemotePool;
    RemoteVolume(virStorageVolPtr volume, std::string path)
        : volume_(volume), path_(std::move(path)) {}
    virStorageVolPtr volume_ = nullptr;
    std::string path_;
};

// The pool of one connection, which must outlive it. Members may be called from any thread.
class RemotePool {
 public:
    explicit RemotePool(virConnectPtr connection) : connection_(connection) {}
    ~RemotePool();
    RemotePool(const RemotePool&) = delete;
    RemotePool& operator=(const RemotePool&) = delete;

    // Errors of all functions: FaultDomain::Host. `name` must be unique in the pool.
    Result<RemoteVolume> upload(const std::filesystem::path& file, const std::string& name,
                                std::stop_token stop);
    Result<RemoteVolume> empty(const std::string& name); // a file that QEMU may write
    // Returns the remote path of a file that does not change while the connection lives: it is
    // uploaded once.
    Result<std::string> upload_once(const std::filesystem::path& file, const std::string& name,
                                    std::stop_token stop);

 private:
    Status find_pool(); // call with mutex_ held
    Result<RemoteVolume> create(const std::string& name, std::uintmax_t bytes, const char* mode);

    virConnectPtr connection_;
    std::mutex mutex_;
    virStoragePoolPtr pool_ = nullptr;
    std::mutex uploads_mutex_;
    std::map<std::filesystem::path, RemoteVolume> uploads_;
};

// The files of one boot.
class RemoteFiles {
 public:
    static Result<RemoteFiles> stage(virConnectPtr connection, RemotePool& pool,
                                     const BootRequest& request, const std::string& name,
                                     std::stop_token stop);

    // The boot request with the paths on the other host.
    const BootRequest& there() const { return there_; }
    // Appends what was written since the last call to the local console log and channel. False if
    // it could not be read, or if a file became shorter (virtlogd started a new one): then torn()
    // is true.
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
