// SPDX-License-Identifier: GPL-2.0-or-later
// A strict, bounded reader of JSON from outside. Every key is read by name; a wrong type or an
// unknown key is an error, and every length has a limit. Every failure is one Error with
// FaultDomain::Host and the message "PATH: what was found, want what".
#pragma once

#include "rig/base/error.h"

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

class JsonReader {
 public:
    // `path` names the object in messages. `json` must outlive the reader.
    static Result<JsonReader> open(const nlohmann::json& json, std::string path);

    // Fails if the key is absent, as all readers below do.
    Result<JsonReader> object(std::string_view key);
    Result<std::vector<JsonReader>> objects(std::string_view key, std::size_t limit);
    Status text(std::string_view key, std::string& out, std::size_t limit = 4096);
    Status one_of(std::string_view key, std::string& out, const std::vector<std::string>& accepted);
    Status boolean(std::string_view key, bool& out);
    Status whole(std::string_view key, std::uint64_t& out, std::uint64_t most = UINT64_MAX);
    Status whole(std::string_view key, unsigned& out);
    Status texts(std::string_view key, std::vector<std::string>& out, std::size_t limit);
    Status wholes(std::string_view key, std::vector<std::uint64_t>& out, std::size_t limit);
    Status number(std::string_view key, double& out); // finite
    Status numbers(std::string_view key, std::vector<double>& out, std::size_t limit);
    // Maps have at most `limit` entries. A key has 1..256 bytes and no control characters.
    Status map(std::string_view key, std::map<std::string, std::uint64_t>& out, std::size_t limit);
    Status map(std::string_view key, std::map<std::string, double>& out, std::size_t limit);
    Status map(std::string_view key, std::map<std::string, std::string>& out, std::size_t limit);
    Status map(std::string_view key, std::map<std::string, std::vector<std::uint64_t>>& out,
               std::size_t limit, std::size_t vector_limit);
    // Any value, for the caller to look into.
    Result<const nlohmann::json*> value(std::string_view key) { return find(key); }
    bool has(std::string_view key) const { return json_->contains(key); }

    // Fails for the first key of the object that was never read. Call it last.
    Status finish() const;

 private:
    JsonReader(const nlohmann::json& json, std::string path)
        : json_(&json), path_(std::move(path)) {}
    Result<const nlohmann::json*> find(std::string_view key);
    std::string name(std::string_view key) const;
    template<class T, class Read>
    Status map_of(std::string_view key, std::map<std::string, T>& out, std::size_t limit,
                  Read read);

    const nlohmann::json* json_;
    std::string path_;
    std::set<std::string, std::less<>> asked_;
};

} // namespace rig
