#ifndef DUBPLATE_PLAYER_FILES_H
#define DUBPLATE_PLAYER_FILES_H

#include <stddef.h>

/// A file of the web player.
typedef struct {
  /// Below the player's folder, with `/` between its parts.
  const char *path;
  const unsigned char *bytes;
  size_t count;
} dubplate_player_file;

/// The player's files, `dubplate_player_file_count` of them. They are constants: nobody frees or writes them.
extern const dubplate_player_file *const dubplate_player_files;
extern const size_t dubplate_player_file_count;

#endif
