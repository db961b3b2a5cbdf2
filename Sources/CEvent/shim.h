#pragma once
// Debian's event-config.h defines _GNU_SOURCE itself; features.h must come first.
#include <features.h>
#include <event2/event.h>
#include <event2/event_struct.h>
