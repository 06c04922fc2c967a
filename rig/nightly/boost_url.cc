// SPDX-License-Identifier: GPL-2.0-or-later
// Boost.URL without its library: Debian's libboost1.81-dev has its sources as headers, to be
// included in one translation unit.
#include <boost/url/src.hpp>
