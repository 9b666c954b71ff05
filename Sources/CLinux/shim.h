// What Swift's Glibc module leaves out: malloc_trim, and the kernel's own account of a TCP connection.
#pragma once
#include <malloc.h>
#include <stdint.h>

// The beginning of the kernel's struct tcp_info (linux/tcp.h), as far as Linux 4.10 has it. glibc's own ends before the
// figures that matter here, and the two headers can't be read together.
struct dubplate_tcp_info {
  uint8_t state, ca_state, retransmits, probes, backoff, options, wscale, app_limited;
  uint32_t rto, ato, snd_mss, rcv_mss;
  uint32_t unacked, sacked, lost, retrans, fackets;
  uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
  uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
  uint32_t rcv_rtt, rcv_space;
  uint32_t total_retrans;
  uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
  uint32_t segs_out, segs_in;
  uint32_t notsent_bytes, min_rtt, data_segs_in, data_segs_out;
  uint64_t delivery_rate;
  uint64_t busy_time, rwnd_limited, sndbuf_limited;
};
