// SPDX-License-Identifier: GPL-2.0-or-later
// RAII for SQLite: a database file, prepared statements, one transaction at a time. Errors are
// FaultDomain::Host and name the file, what was attempted, and SQLite's message. Not thread-safe;
// several processes, or several Databases in one process, may use one file.
#pragma once

#include "rig/base/error.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// Error::kind of a file that is no database or is damaged.
inline constexpr const char* kDamagedDatabase = "damaged-database";

class Database;

// Call bind() in the order of the parameters, step(), then read() in the order of the columns.
// reset() starts over.
class Statement {
 public:
    void bind(std::string_view text);
    void bind(const char* text) { bind(std::string_view(text)); }
    void bind(const std::string& text) { bind(std::string_view(text)); }
    void bind(std::int64_t number);
    void bind(std::uint64_t number) {
        bind(static_cast<std::int64_t>(number));
    } // rig's own numbers are below 2^63
    void bind(unsigned number) { bind(static_cast<std::int64_t>(number)); }
    void bind(bool yes) { bind(static_cast<std::int64_t>(yes)); }
    void bind(double number);
    void bind_null();
    void bind(const std::vector<std::string>& texts); // as a JSON array
    template<class T> void bind(const std::optional<T>& value) {
        value ? bind(*value) : bind_null();
    }

    Result<bool> step(); // returns whether there is a row
    Status run();        // for a statement without rows; afterwards bind() may be called again
    void reset();

    void read(std::string& text);
    void read(std::int64_t& number);
    void read(std::uint64_t& number);
    void read(unsigned& number);
    void read(bool& yes);
    void read(double& number);
    void read(std::vector<std::string>& texts);
    template<class T> void read(std::optional<T>& value) {
        value.reset();
        if (sqlite3_column_type(statement_.get(), column_) == SQLITE_NULL)
            ++column_;
        else
            read(value.emplace());
    }

 private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    std::string file_;
    int parameter_ = 0, column_ = 0;
};

class Database {
 public:
    // Creates the file if it does not exist. A writer waits up to `busy` for the transaction of
    // another.
    static Result<Database> open(const std::filesystem::path& file, std::chrono::milliseconds busy);

    Status execute(const std::string& sql); // one or more statements without parameters
    Result<Statement> prepare(const std::string& sql) const;
    Result<std::int64_t> number(const std::string& sql) const; // for a query with one value
    // Runs `work` in one transaction that holds the write lock from the start; rolls back if it
    // fails.
    Status transaction(const std::function<Status()>& work);

 private:
    struct Close {
        void operator()(sqlite3* database) const { sqlite3_close(database); }
    };
    std::unique_ptr<sqlite3, Close> database_;
    std::string file_;
};

} // namespace rig
