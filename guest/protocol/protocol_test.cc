// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/protocol/protocol.h"

#include <gtest/gtest.h>
#include <random>

namespace rig::guest {
namespace {

TEST(Protocol, FramesSurviveAnySplitOfTheStream) {
    const std::string stream = encode(FrameType::Hello, "{}") + encode(FrameType::Log, "") +
                               encode_artifact("a.txt", std::string("x\0y", 3));
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        FrameReader reader;
        std::vector<Frame> frames;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            reader.feed(std::string_view(stream).substr(at, step));
            while (auto frame = reader.next())
                frames.push_back(*frame);
        }
        ASSERT_EQ(frames.size(), 3u) << "step " << step;
        EXPECT_EQ(frames[0].type, FrameType::Hello);
        EXPECT_EQ(frames[1].payload, "");
        const auto artifact = decode_artifact(frames[2].payload);
        ASSERT_TRUE(artifact);
        EXPECT_EQ(artifact->name, "a.txt");
        EXPECT_EQ(artifact->chunk, std::string("x\0y", 3));
        EXPECT_FALSE(reader.mid_frame());
        EXPECT_EQ(reader.error(), "");
    }
}

TEST(Protocol, AnUnfinishedFrameIsSeen) {
    FrameReader reader;
    reader.feed(encode(FrameType::Log, "hello").substr(0, 14));
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.mid_frame());
}

struct BadStream {
    const char* what;
    std::size_t offset;
    char value;
    const char* message;
};

TEST(Protocol, LostFramingIsFinal) {
    for (const auto& bad : {BadStream{"magic", 0, 'X', "bad frame magic"},
                            {"version", 4, 9, "bad protocol version 9, want 1"},
                            {"type 0", 6, 0, "bad frame type 0"},
                            {"type 99", 6, 99, "bad frame type 99, want 1..7"},
                            {"length", 11, 0x7f, "bad frame length"}}) {
        std::string stream = encode(FrameType::Log, "hello");
        stream[bad.offset] = bad.value;
        FrameReader reader;
        reader.feed(stream + encode(FrameType::Log, "later"));
        EXPECT_FALSE(reader.next()) << bad.what;
        EXPECT_NE(reader.error().find(bad.message), std::string::npos) << reader.error();
        reader.feed(encode(FrameType::Log, "later still"));
        EXPECT_FALSE(reader.next()) << bad.what;
    }
}

TEST(Protocol, AFloodIsCutOff) {
    FrameReader reader;
    const std::string chunk(1 << 20, 'x');
    for (std::uint64_t sent = 0; sent <= kMaxStream; sent += chunk.size()) {
        reader.feed(encode(FrameType::Log, chunk));
        while (reader.next()) {
        }
    }
    EXPECT_NE(reader.error().find("more than 256 MiB"), std::string::npos);
}

TEST(Protocol, ArtifactNamesAreNeverPaths) {
    for (const std::string name : {"../x", "a/b", ".hidden", "", "A", "a b", "x\n"}) {
        std::string payload(1, static_cast<char>(name.size()));
        EXPECT_FALSE(decode_artifact(payload + name + "data")) << name;
    }
    EXPECT_FALSE(decode_artifact(""));
    EXPECT_FALSE(decode_artifact("\x05"
                                 "abc"));
    EXPECT_FALSE(decode_artifact("\xff"
                                 "abc"));
}

TEST(Protocol, RandomBytesNeverCrashTheReader) {
    std::mt19937 random(1);
    for (int round = 0; round < 500; ++round) {
        std::string stream = encode(FrameType::Artifact, "\x03"
                                                         "abcdef") +
                             encode(FrameType::Result, "{}");
        for (int flips = 0; flips < 4; ++flips)
            stream[random() % stream.size()] = static_cast<char>(random());
        FrameReader reader;
        reader.feed(stream);
        while (auto frame = reader.next())
            if (frame->type == FrameType::Artifact) decode_artifact(frame->payload);
    }
}

} // namespace
} // namespace rig::guest
