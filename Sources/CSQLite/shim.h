#pragma once
#include <sqlite3.h>

// sqlite3_db_config is variadic, which Swift cannot call: the two integer settings in use.
static inline int latchkey_sqlite_no_checkpoint_on_close(sqlite3 *db) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
static inline int latchkey_sqlite_defensive(sqlite3 *db) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}
// The same for sqlite3_config. Counts of the memory in use, which nobody asks for, take a lock around
// every allocation. Only before the first connection.
static inline int latchkey_sqlite_uncounted_memory(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
