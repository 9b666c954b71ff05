// The web player's files, compiled in: the program needs no folder beside it. A new file of the player is added in both lists;
// a test compares them with the folder. What is in no folder is drawn by `scripts/icons`.
#include "CPlayerFiles.h"
#include "icons.h"

// A C23 feature, which the compiler has in every language mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char css_base_css[] = {
#embed "../WebAPI/Resources/player/css/base.css"
};
static const unsigned char css_deck_css[] = {
#embed "../WebAPI/Resources/player/css/deck.css"
};
static const unsigned char css_devices_css[] = {
#embed "../WebAPI/Resources/player/css/devices.css"
};
static const unsigned char css_layout_css[] = {
#embed "../WebAPI/Resources/player/css/layout.css"
};
static const unsigned char css_library_css[] = {
#embed "../WebAPI/Resources/player/css/library.css"
};
static const unsigned char css_lyrics_css[] = {
#embed "../WebAPI/Resources/player/css/lyrics.css"
};
static const unsigned char css_overlays_css[] = {
#embed "../WebAPI/Resources/player/css/overlays.css"
};
static const unsigned char css_plate_css[] = {
#embed "../WebAPI/Resources/player/css/plate.css"
};
static const unsigned char css_queue_css[] = {
#embed "../WebAPI/Resources/player/css/queue.css"
};
static const unsigned char css_tokens_css[] = {
#embed "../WebAPI/Resources/player/css/tokens.css"
};
static const unsigned char css_touch_css[] = {
#embed "../WebAPI/Resources/player/css/touch.css"
};
static const unsigned char favicon_svg[] = {
#embed "../WebAPI/Resources/player/favicon.svg"
};
static const unsigned char images_icon_maskable_svg[] = {
#embed "../WebAPI/Resources/player/images/icon-maskable.svg"
};
static const unsigned char images_play_svg[] = {
#embed "../WebAPI/Resources/player/images/play.svg"
};
static const unsigned char index_html[] = {
#embed "../WebAPI/Resources/player/index.html"
};
static const unsigned char js_audio_base64_js[] = {
#embed "../WebAPI/Resources/player/js/audio/base64.js"
};
static const unsigned char js_audio_card_time_js[] = {
#embed "../WebAPI/Resources/player/js/audio/card-time.js"
};
static const unsigned char js_audio_decoders_js[] = {
#embed "../WebAPI/Resources/player/js/audio/decoders.js"
};
static const unsigned char js_audio_fallback_decoder_js[] = {
#embed "../WebAPI/Resources/player/js/audio/fallback-decoder.js"
};
static const unsigned char js_audio_linear_prediction_js[] = {
#embed "../WebAPI/Resources/player/js/audio/linear-prediction.js"
};
static const unsigned char js_audio_loudness_js[] = {
#embed "../WebAPI/Resources/player/js/audio/loudness.js"
};
static const unsigned char js_audio_output_clock_js[] = {
#embed "../WebAPI/Resources/player/js/audio/output-clock.js"
};
static const unsigned char js_audio_output_threads_js[] = {
#embed "../WebAPI/Resources/player/js/audio/output-threads.js"
};
static const unsigned char js_audio_output_js[] = {
#embed "../WebAPI/Resources/player/js/audio/output.js"
};
static const unsigned char js_audio_pipeline_js[] = {
#embed "../WebAPI/Resources/player/js/audio/pipeline.js"
};
static const unsigned char js_audio_player_state_js[] = {
#embed "../WebAPI/Resources/player/js/audio/player-state.js"
};
static const unsigned char js_audio_playhead_js[] = {
#embed "../WebAPI/Resources/player/js/audio/playhead.js"
};
static const unsigned char js_audio_playout_js[] = {
#embed "../WebAPI/Resources/player/js/audio/playout.js"
};
static const unsigned char js_audio_rate_adapter_js[] = {
#embed "../WebAPI/Resources/player/js/audio/rate-adapter.js"
};
static const unsigned char js_audio_renderer_js[] = {
#embed "../WebAPI/Resources/player/js/audio/renderer.js"
};
static const unsigned char js_audio_sample_queue_js[] = {
#embed "../WebAPI/Resources/player/js/audio/sample-queue.js"
};
static const unsigned char js_audio_segment_timeline_js[] = {
#embed "../WebAPI/Resources/player/js/audio/segment-timeline.js"
};
static const unsigned char js_audio_slew_reader_js[] = {
#embed "../WebAPI/Resources/player/js/audio/slew-reader.js"
};
static const unsigned char js_audio_trimmer_js[] = {
#embed "../WebAPI/Resources/player/js/audio/trimmer.js"
};
static const unsigned char js_audio_webcodecs_decoder_js[] = {
#embed "../WebAPI/Resources/player/js/audio/webcodecs-decoder.js"
};
static const unsigned char js_audio_windowed_sinc_js[] = {
#embed "../WebAPI/Resources/player/js/audio/windowed-sinc.js"
};
static const unsigned char js_audio_worklet_js[] = {
#embed "../WebAPI/Resources/player/js/audio/worklet.js"
};
static const unsigned char js_boot_js[] = {
#embed "../WebAPI/Resources/player/js/boot.js"
};
static const unsigned char js_codec_adts_js[] = {
#embed "../WebAPI/Resources/player/js/codec/adts.js"
};
static const unsigned char js_codec_crc_js[] = {
#embed "../WebAPI/Resources/player/js/codec/crc.js"
};
static const unsigned char js_codec_flac_js[] = {
#embed "../WebAPI/Resources/player/js/codec/flac.js"
};
static const unsigned char js_codec_frame_error_js[] = {
#embed "../WebAPI/Resources/player/js/codec/frame-error.js"
};
static const unsigned char js_codec_frames_js[] = {
#embed "../WebAPI/Resources/player/js/codec/frames.js"
};
static const unsigned char js_codec_mp3_js[] = {
#embed "../WebAPI/Resources/player/js/codec/mp3.js"
};
static const unsigned char js_codec_opus_js[] = {
#embed "../WebAPI/Resources/player/js/codec/opus.js"
};
static const unsigned char js_diagnostics_js[] = {
#embed "../WebAPI/Resources/player/js/diagnostics.js"
};
static const unsigned char js_events_js[] = {
#embed "../WebAPI/Resources/player/js/events.js"
};
static const unsigned char js_i18n_en_js[] = {
#embed "../WebAPI/Resources/player/js/i18n/en.js"
};
static const unsigned char js_i18n_language_js[] = {
#embed "../WebAPI/Resources/player/js/i18n/language.js"
};
static const unsigned char js_i18n_ru_js[] = {
#embed "../WebAPI/Resources/player/js/i18n/ru.js"
};
static const unsigned char js_i18n_wording_js[] = {
#embed "../WebAPI/Resources/player/js/i18n/wording.js"
};
static const unsigned char js_limits_js[] = {
#embed "../WebAPI/Resources/player/js/limits.js"
};
static const unsigned char js_load_guard_js[] = {
#embed "../WebAPI/Resources/player/js/load-guard.js"
};
static const unsigned char js_main_js[] = {
#embed "../WebAPI/Resources/player/js/main.js"
};
static const unsigned char js_navigation_js[] = {
#embed "../WebAPI/Resources/player/js/navigation.js"
};
static const unsigned char js_net_claim_by_word_js[] = {
#embed "../WebAPI/Resources/player/js/net/claim-by-word.js"
};
static const unsigned char js_net_api_js[] = {
#embed "../WebAPI/Resources/player/js/net/api.js"
};
static const unsigned char js_net_connection_js[] = {
#embed "../WebAPI/Resources/player/js/net/connection.js"
};
static const unsigned char js_net_device_js[] = {
#embed "../WebAPI/Resources/player/js/net/device.js"
};
static const unsigned char js_net_login_news_js[] = {
#embed "../WebAPI/Resources/player/js/net/login-news.js"
};
static const unsigned char js_net_login_keeper_js[] = {
#embed "../WebAPI/Resources/player/js/net/login-keeper.js"
};
static const unsigned char js_package_json[] = {
#embed "../WebAPI/Resources/player/js/package.json"
};
static const unsigned char js_player_after_outage_js[] = {
#embed "../WebAPI/Resources/player/js/player/after-outage.js"
};
static const unsigned char js_player_album_run_js[] = {
#embed "../WebAPI/Resources/player/js/player/album-run.js"
};
static const unsigned char js_player_buffer_wish_js[] = {
#embed "../WebAPI/Resources/player/js/player/buffer-wish.js"
};
static const unsigned char js_player_chosen_rendition_js[] = {
#embed "../WebAPI/Resources/player/js/player/chosen-rendition.js"
};
static const unsigned char js_player_chunk_gate_js[] = {
#embed "../WebAPI/Resources/player/js/player/chunk-gate.js"
};
static const unsigned char js_player_chunk_store_js[] = {
#embed "../WebAPI/Resources/player/js/player/chunk-store.js"
};
static const unsigned char js_player_loudness_choice_js[] = {
#embed "../WebAPI/Resources/player/js/player/loudness-choice.js"
};
static const unsigned char js_player_lyrics_js[] = {
#embed "../WebAPI/Resources/player/js/player/lyrics.js"
};
static const unsigned char js_player_network_meter_js[] = {
#embed "../WebAPI/Resources/player/js/player/network-meter.js"
};
static const unsigned char js_player_network_reports_js[] = {
#embed "../WebAPI/Resources/player/js/player/network-reports.js"
};
static const unsigned char js_player_orders_js[] = {
#embed "../WebAPI/Resources/player/js/player/orders.js"
};
static const unsigned char js_player_pending_js[] = {
#embed "../WebAPI/Resources/player/js/player/pending.js"
};
static const unsigned char js_player_playback_js[] = {
#embed "../WebAPI/Resources/player/js/player/playback.js"
};
static const unsigned char js_player_quality_choice_js[] = {
#embed "../WebAPI/Resources/player/js/player/quality-choice.js"
};
static const unsigned char js_player_queue_edits_js[] = {
#embed "../WebAPI/Resources/player/js/player/queue-edits.js"
};
static const unsigned char js_player_queue_filler_js[] = {
#embed "../WebAPI/Resources/player/js/player/queue-filler.js"
};
static const unsigned char js_player_queue_model_js[] = {
#embed "../WebAPI/Resources/player/js/player/queue-model.js"
};
static const unsigned char js_player_recovery_js[] = {
#embed "../WebAPI/Resources/player/js/player/recovery.js"
};
static const unsigned char js_player_requests_js[] = {
#embed "../WebAPI/Resources/player/js/player/requests.js"
};
static const unsigned char js_player_seeker_js[] = {
#embed "../WebAPI/Resources/player/js/player/seeker.js"
};
static const unsigned char js_player_selection_js[] = {
#embed "../WebAPI/Resources/player/js/player/selection.js"
};
static const unsigned char js_player_session_js[] = {
#embed "../WebAPI/Resources/player/js/player/session.js"
};
static const unsigned char js_player_shown_track_js[] = {
#embed "../WebAPI/Resources/player/js/player/shown-track.js"
};
static const unsigned char js_player_sound_guard_js[] = {
#embed "../WebAPI/Resources/player/js/player/sound-guard.js"
};
static const unsigned char js_player_stream_receiver_js[] = {
#embed "../WebAPI/Resources/player/js/player/stream-receiver.js"
};
static const unsigned char js_player_stream_row_js[] = {
#embed "../WebAPI/Resources/player/js/player/stream-row.js"
};
static const unsigned char js_player_track_list_js[] = {
#embed "../WebAPI/Resources/player/js/player/track-list.js"
};
static const unsigned char js_player_track_store_js[] = {
#embed "../WebAPI/Resources/player/js/player/track-store.js"
};
static const unsigned char js_player_transport_js[] = {
#embed "../WebAPI/Resources/player/js/player/transport.js"
};
static const unsigned char js_player_volume_js[] = {
#embed "../WebAPI/Resources/player/js/player/volume.js"
};
static const unsigned char js_player_watchdog_js[] = {
#embed "../WebAPI/Resources/player/js/player/watchdog.js"
};
static const unsigned char js_preferences_js[] = {
#embed "../WebAPI/Resources/player/js/preferences.js"
};
static const unsigned char js_sync_clock_sync_js[] = {
#embed "../WebAPI/Resources/player/js/sync/clock-sync.js"
};
static const unsigned char js_sync_group_play_js[] = {
#embed "../WebAPI/Resources/player/js/sync/group-play.js"
};
static const unsigned char js_sync_group_timeline_js[] = {
#embed "../WebAPI/Resources/player/js/sync/group-timeline.js"
};
static const unsigned char js_sync_limits_js[] = {
#embed "../WebAPI/Resources/player/js/sync/limits.js"
};
static const unsigned char js_sync_server_clock_js[] = {
#embed "../WebAPI/Resources/player/js/sync/server-clock.js"
};
static const unsigned char js_ui_account_js[] = {
#embed "../WebAPI/Resources/player/js/ui/account.js"
};
static const unsigned char js_ui_cover_js[] = {
#embed "../WebAPI/Resources/player/js/ui/cover.js"
};
static const unsigned char js_ui_deck_js[] = {
#embed "../WebAPI/Resources/player/js/ui/deck.js"
};
static const unsigned char js_ui_device_card_js[] = {
#embed "../WebAPI/Resources/player/js/ui/device-card.js"
};
static const unsigned char js_ui_device_list_js[] = {
#embed "../WebAPI/Resources/player/js/ui/device-list.js"
};
static const unsigned char js_ui_device_panel_js[] = {
#embed "../WebAPI/Resources/player/js/ui/device-panel.js"
};
static const unsigned char js_ui_dom_js[] = {
#embed "../WebAPI/Resources/player/js/ui/dom.js"
};
static const unsigned char js_ui_elsewhere_js[] = {
#embed "../WebAPI/Resources/player/js/ui/elsewhere.js"
};
static const unsigned char js_ui_format_js[] = {
#embed "../WebAPI/Resources/player/js/ui/format.js"
};
static const unsigned char js_ui_groove_js[] = {
#embed "../WebAPI/Resources/player/js/ui/groove.js"
};
static const unsigned char js_ui_install_js[] = {
#embed "../WebAPI/Resources/player/js/ui/install.js"
};
static const unsigned char js_ui_keys_js[] = {
#embed "../WebAPI/Resources/player/js/ui/keys.js"
};
static const unsigned char js_ui_library_blank_js[] = {
#embed "../WebAPI/Resources/player/js/ui/library-blank.js"
};
static const unsigned char js_ui_library_rows_js[] = {
#embed "../WebAPI/Resources/player/js/ui/library-rows.js"
};
static const unsigned char js_ui_library_watch_js[] = {
#embed "../WebAPI/Resources/player/js/ui/library-watch.js"
};
static const unsigned char js_ui_library_js[] = {
#embed "../WebAPI/Resources/player/js/ui/library.js"
};
static const unsigned char js_ui_login_js[] = {
#embed "../WebAPI/Resources/player/js/ui/login.js"
};
static const unsigned char js_ui_lyrics_panel_js[] = {
#embed "../WebAPI/Resources/player/js/ui/lyrics-panel.js"
};
static const unsigned char js_ui_media_session_js[] = {
#embed "../WebAPI/Resources/player/js/ui/media-session.js"
};
static const unsigned char js_ui_menu_js[] = {
#embed "../WebAPI/Resources/player/js/ui/menu.js"
};
static const unsigned char js_ui_now_playing_js[] = {
#embed "../WebAPI/Resources/player/js/ui/now-playing.js"
};
static const unsigned char js_ui_plate_js[] = {
#embed "../WebAPI/Resources/player/js/ui/plate.js"
};
static const unsigned char js_ui_popover_js[] = {
#embed "../WebAPI/Resources/player/js/ui/popover.js"
};
static const unsigned char js_ui_quality_menu_js[] = {
#embed "../WebAPI/Resources/player/js/ui/quality-menu.js"
};
static const unsigned char js_ui_queue_drag_js[] = {
#embed "../WebAPI/Resources/player/js/ui/queue-drag.js"
};
static const unsigned char js_ui_queue_panel_js[] = {
#embed "../WebAPI/Resources/player/js/ui/queue-panel.js"
};
static const unsigned char js_ui_second_press_js[] = {
#embed "../WebAPI/Resources/player/js/ui/second-press.js"
};
static const unsigned char js_ui_shortcuts_js[] = {
#embed "../WebAPI/Resources/player/js/ui/shortcuts.js"
};
static const unsigned char js_ui_side_panel_js[] = {
#embed "../WebAPI/Resources/player/js/ui/side-panel.js"
};
static const unsigned char js_ui_slider_js[] = {
#embed "../WebAPI/Resources/player/js/ui/slider.js"
};
static const unsigned char js_ui_spectrum_js[] = {
#embed "../WebAPI/Resources/player/js/ui/spectrum.js"
};
static const unsigned char js_ui_stats_js[] = {
#embed "../WebAPI/Resources/player/js/ui/stats.js"
};
static const unsigned char js_ui_texts_js[] = {
#embed "../WebAPI/Resources/player/js/ui/texts.js"
};
static const unsigned char js_ui_theme_js[] = {
#embed "../WebAPI/Resources/player/js/ui/theme.js"
};
static const unsigned char js_ui_ticker_js[] = {
#embed "../WebAPI/Resources/player/js/ui/ticker.js"
};
static const unsigned char js_ui_toasts_js[] = {
#embed "../WebAPI/Resources/player/js/ui/toasts.js"
};
static const unsigned char js_ui_track_drag_js[] = {
#embed "../WebAPI/Resources/player/js/ui/track-drag.js"
};
static const unsigned char js_ui_track_menu_js[] = {
#embed "../WebAPI/Resources/player/js/ui/track-menu.js"
};
static const unsigned char js_ui_upcoming_js[] = {
#embed "../WebAPI/Resources/player/js/ui/upcoming.js"
};
static const unsigned char js_ui_virtual_rows_js[] = {
#embed "../WebAPI/Resources/player/js/ui/virtual-rows.js"
};
static const unsigned char manifest_webmanifest[] = {
#embed "../WebAPI/Resources/player/manifest.webmanifest"
};
static const unsigned char sw_js[] = {
#embed "../WebAPI/Resources/player/sw.js"
};

#define FILE_AT(path, bytes) {path, bytes, sizeof bytes}

static const dubplate_player_file files[] = {
    FILE_AT("css/base.css", css_base_css),
    FILE_AT("css/deck.css", css_deck_css),
    FILE_AT("css/devices.css", css_devices_css),
    FILE_AT("css/layout.css", css_layout_css),
    FILE_AT("css/library.css", css_library_css),
    FILE_AT("css/lyrics.css", css_lyrics_css),
    FILE_AT("css/overlays.css", css_overlays_css),
    FILE_AT("css/plate.css", css_plate_css),
    FILE_AT("css/queue.css", css_queue_css),
    FILE_AT("css/tokens.css", css_tokens_css),
    FILE_AT("css/touch.css", css_touch_css),
    FILE_AT("favicon.svg", favicon_svg),
    FILE_AT("images/icon-512.png", images_icon_512_png),
    FILE_AT("images/icon-maskable.svg", images_icon_maskable_svg),
    FILE_AT("images/play.svg", images_play_svg),
    FILE_AT("images/touch-icon.png", images_touch_icon_png),
    FILE_AT("index.html", index_html),
    FILE_AT("js/audio/base64.js", js_audio_base64_js),
    FILE_AT("js/audio/card-time.js", js_audio_card_time_js),
    FILE_AT("js/audio/decoders.js", js_audio_decoders_js),
    FILE_AT("js/audio/fallback-decoder.js", js_audio_fallback_decoder_js),
    FILE_AT("js/audio/linear-prediction.js", js_audio_linear_prediction_js),
    FILE_AT("js/audio/loudness.js", js_audio_loudness_js),
    FILE_AT("js/audio/output-clock.js", js_audio_output_clock_js),
    FILE_AT("js/audio/output-threads.js", js_audio_output_threads_js),
    FILE_AT("js/audio/output.js", js_audio_output_js),
    FILE_AT("js/audio/pipeline.js", js_audio_pipeline_js),
    FILE_AT("js/audio/player-state.js", js_audio_player_state_js),
    FILE_AT("js/audio/playhead.js", js_audio_playhead_js),
    FILE_AT("js/audio/playout.js", js_audio_playout_js),
    FILE_AT("js/audio/rate-adapter.js", js_audio_rate_adapter_js),
    FILE_AT("js/audio/renderer.js", js_audio_renderer_js),
    FILE_AT("js/audio/sample-queue.js", js_audio_sample_queue_js),
    FILE_AT("js/audio/segment-timeline.js", js_audio_segment_timeline_js),
    FILE_AT("js/audio/slew-reader.js", js_audio_slew_reader_js),
    FILE_AT("js/audio/trimmer.js", js_audio_trimmer_js),
    FILE_AT("js/audio/webcodecs-decoder.js", js_audio_webcodecs_decoder_js),
    FILE_AT("js/audio/windowed-sinc.js", js_audio_windowed_sinc_js),
    FILE_AT("js/audio/worklet.js", js_audio_worklet_js),
    FILE_AT("js/boot.js", js_boot_js),
    FILE_AT("js/codec/adts.js", js_codec_adts_js),
    FILE_AT("js/codec/crc.js", js_codec_crc_js),
    FILE_AT("js/codec/flac.js", js_codec_flac_js),
    FILE_AT("js/codec/frame-error.js", js_codec_frame_error_js),
    FILE_AT("js/codec/frames.js", js_codec_frames_js),
    FILE_AT("js/codec/mp3.js", js_codec_mp3_js),
    FILE_AT("js/codec/opus.js", js_codec_opus_js),
    FILE_AT("js/diagnostics.js", js_diagnostics_js),
    FILE_AT("js/events.js", js_events_js),
    FILE_AT("js/i18n/en.js", js_i18n_en_js),
    FILE_AT("js/i18n/language.js", js_i18n_language_js),
    FILE_AT("js/i18n/ru.js", js_i18n_ru_js),
    FILE_AT("js/i18n/wording.js", js_i18n_wording_js),
    FILE_AT("js/limits.js", js_limits_js),
    FILE_AT("js/load-guard.js", js_load_guard_js),
    FILE_AT("js/main.js", js_main_js),
    FILE_AT("js/navigation.js", js_navigation_js),
    FILE_AT("js/net/claim-by-word.js", js_net_claim_by_word_js),
    FILE_AT("js/net/api.js", js_net_api_js),
    FILE_AT("js/net/connection.js", js_net_connection_js),
    FILE_AT("js/net/device.js", js_net_device_js),
    FILE_AT("js/net/login-news.js", js_net_login_news_js),
    FILE_AT("js/net/login-keeper.js", js_net_login_keeper_js),
    FILE_AT("js/package.json", js_package_json),
    FILE_AT("js/player/after-outage.js", js_player_after_outage_js),
    FILE_AT("js/player/album-run.js", js_player_album_run_js),
    FILE_AT("js/player/buffer-wish.js", js_player_buffer_wish_js),
    FILE_AT("js/player/chosen-rendition.js", js_player_chosen_rendition_js),
    FILE_AT("js/player/chunk-gate.js", js_player_chunk_gate_js),
    FILE_AT("js/player/chunk-store.js", js_player_chunk_store_js),
    FILE_AT("js/player/loudness-choice.js", js_player_loudness_choice_js),
    FILE_AT("js/player/lyrics.js", js_player_lyrics_js),
    FILE_AT("js/player/network-meter.js", js_player_network_meter_js),
    FILE_AT("js/player/network-reports.js", js_player_network_reports_js),
    FILE_AT("js/player/orders.js", js_player_orders_js),
    FILE_AT("js/player/pending.js", js_player_pending_js),
    FILE_AT("js/player/playback.js", js_player_playback_js),
    FILE_AT("js/player/quality-choice.js", js_player_quality_choice_js),
    FILE_AT("js/player/queue-edits.js", js_player_queue_edits_js),
    FILE_AT("js/player/queue-filler.js", js_player_queue_filler_js),
    FILE_AT("js/player/queue-model.js", js_player_queue_model_js),
    FILE_AT("js/player/recovery.js", js_player_recovery_js),
    FILE_AT("js/player/requests.js", js_player_requests_js),
    FILE_AT("js/player/seeker.js", js_player_seeker_js),
    FILE_AT("js/player/selection.js", js_player_selection_js),
    FILE_AT("js/player/session.js", js_player_session_js),
    FILE_AT("js/player/shown-track.js", js_player_shown_track_js),
    FILE_AT("js/player/sound-guard.js", js_player_sound_guard_js),
    FILE_AT("js/player/stream-receiver.js", js_player_stream_receiver_js),
    FILE_AT("js/player/stream-row.js", js_player_stream_row_js),
    FILE_AT("js/player/track-list.js", js_player_track_list_js),
    FILE_AT("js/player/track-store.js", js_player_track_store_js),
    FILE_AT("js/player/transport.js", js_player_transport_js),
    FILE_AT("js/player/volume.js", js_player_volume_js),
    FILE_AT("js/player/watchdog.js", js_player_watchdog_js),
    FILE_AT("js/preferences.js", js_preferences_js),
    FILE_AT("js/sync/clock-sync.js", js_sync_clock_sync_js),
    FILE_AT("js/sync/group-play.js", js_sync_group_play_js),
    FILE_AT("js/sync/group-timeline.js", js_sync_group_timeline_js),
    FILE_AT("js/sync/limits.js", js_sync_limits_js),
    FILE_AT("js/sync/server-clock.js", js_sync_server_clock_js),
    FILE_AT("js/ui/account.js", js_ui_account_js),
    FILE_AT("js/ui/cover.js", js_ui_cover_js),
    FILE_AT("js/ui/deck.js", js_ui_deck_js),
    FILE_AT("js/ui/device-card.js", js_ui_device_card_js),
    FILE_AT("js/ui/device-list.js", js_ui_device_list_js),
    FILE_AT("js/ui/device-panel.js", js_ui_device_panel_js),
    FILE_AT("js/ui/dom.js", js_ui_dom_js),
    FILE_AT("js/ui/elsewhere.js", js_ui_elsewhere_js),
    FILE_AT("js/ui/format.js", js_ui_format_js),
    FILE_AT("js/ui/groove.js", js_ui_groove_js),
    FILE_AT("js/ui/install.js", js_ui_install_js),
    FILE_AT("js/ui/keys.js", js_ui_keys_js),
    FILE_AT("js/ui/library-blank.js", js_ui_library_blank_js),
    FILE_AT("js/ui/library-rows.js", js_ui_library_rows_js),
    FILE_AT("js/ui/library-watch.js", js_ui_library_watch_js),
    FILE_AT("js/ui/library.js", js_ui_library_js),
    FILE_AT("js/ui/login.js", js_ui_login_js),
    FILE_AT("js/ui/lyrics-panel.js", js_ui_lyrics_panel_js),
    FILE_AT("js/ui/media-session.js", js_ui_media_session_js),
    FILE_AT("js/ui/menu.js", js_ui_menu_js),
    FILE_AT("js/ui/now-playing.js", js_ui_now_playing_js),
    FILE_AT("js/ui/plate.js", js_ui_plate_js),
    FILE_AT("js/ui/popover.js", js_ui_popover_js),
    FILE_AT("js/ui/quality-menu.js", js_ui_quality_menu_js),
    FILE_AT("js/ui/queue-drag.js", js_ui_queue_drag_js),
    FILE_AT("js/ui/queue-panel.js", js_ui_queue_panel_js),
    FILE_AT("js/ui/second-press.js", js_ui_second_press_js),
    FILE_AT("js/ui/shortcuts.js", js_ui_shortcuts_js),
    FILE_AT("js/ui/side-panel.js", js_ui_side_panel_js),
    FILE_AT("js/ui/slider.js", js_ui_slider_js),
    FILE_AT("js/ui/spectrum.js", js_ui_spectrum_js),
    FILE_AT("js/ui/stats.js", js_ui_stats_js),
    FILE_AT("js/ui/texts.js", js_ui_texts_js),
    FILE_AT("js/ui/theme.js", js_ui_theme_js),
    FILE_AT("js/ui/ticker.js", js_ui_ticker_js),
    FILE_AT("js/ui/toasts.js", js_ui_toasts_js),
    FILE_AT("js/ui/track-drag.js", js_ui_track_drag_js),
    FILE_AT("js/ui/track-menu.js", js_ui_track_menu_js),
    FILE_AT("js/ui/upcoming.js", js_ui_upcoming_js),
    FILE_AT("js/ui/virtual-rows.js", js_ui_virtual_rows_js),
    FILE_AT("manifest.webmanifest", manifest_webmanifest),
    FILE_AT("sw.js", sw_js),
};

const dubplate_player_file *const dubplate_player_files = files;
const size_t dubplate_player_file_count = sizeof files / sizeof files[0];
