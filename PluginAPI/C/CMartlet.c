// SPDX-License-Identifier: Apache-2.0
#include <martlet.h> // SwiftPM wants one source file in a C target; the contract is the headers.
