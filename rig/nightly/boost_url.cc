// SPDX-License-Identifier: GPL-2.0-or-later
// Compiles Boost.URL into rig. Debian's libboost1.81-dev has its sources as headers, which must be
// included in exactly one translation unit.
#include <boost/url/src.hpp>
