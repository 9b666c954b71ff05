#pragma once
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavcodec/vorbis_parser.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

// Macros that Swift's importer cannot read (they cast or call other macros), as functions.

static inline int dubplate_error_eof(void) { return AVERROR_EOF; }
static inline int dubplate_error_again(void) { return AVERROR(EAGAIN); }
static inline int dubplate_error_exit(void) { return AVERROR_EXIT; }
static inline int dubplate_error_invalid_data(void) { return AVERROR_INVALIDDATA; }
static inline int dubplate_error_no_memory(void) { return AVERROR(ENOMEM); }
static inline int64_t dubplate_no_timestamp(void) { return AV_NOPTS_VALUE; }

// The two fields are read through here because `AVFormatContext.iformat` changed its constness between releases.
static inline const char *dubplate_demuxer_name(const AVFormatContext *context) { return context->iformat->name; }

// `AVCodecDescriptor.props` is a set of macros with shifts; one question is asked of it. WavPack is marked as both, for the
// sake of its rare hybrid mode, and DSD as lossy, since what it decodes to is another kind of sound.
static inline int dubplate_is_lossless(enum AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_WAVPACK:
    case AV_CODEC_ID_DSD_LSBF:
    case AV_CODEC_ID_DSD_MSBF:
    case AV_CODEC_ID_DSD_LSBF_PLANAR:
    case AV_CODEC_ID_DSD_MSBF_PLANAR:
      return 1;
    default:
      break;
  }
  const AVCodecDescriptor *descriptor = avcodec_descriptor_get(codec);
  return descriptor && (descriptor->props & AV_CODEC_PROP_LOSSLESS) && !(descriptor->props & AV_CODEC_PROP_LOSSY);
}
