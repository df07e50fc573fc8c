// c-ares (Debian: libc-ares-dev), as the system has it.
#pragma once
// First: otherwise the structures of system headers would count as this module's, and every file of
// the target that uses one of them would have to import it.
#pragma clang module import SwiftGlibc
#include <ares.h>
