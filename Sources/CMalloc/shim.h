// glibc's own additions to malloc, which Swift's Glibc module leaves out: malloc_trim.
#include <malloc.h>
