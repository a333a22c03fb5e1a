# SPDX-License-Identifier: GPL-3.0-or-later
"""A value for every variable of livekit_server and livekit_sip that sets a key in the configuration."""

from __future__ import annotations

from tests.images import build

# Variables of the container, which set no key in the program's configuration.
ABOUT_THE_CONTAINER = {
    *(
        "state",
        "image",
        "image_archive",
        "container_name",
        "user",
        "config_dir",
        "config_extra",
        "config_extra_accepted",
        "version",
    ),
    *("pids_limit", "keys", "keys_dir", "purge_data", "drain_timeout", "defer_change", "config_extra_strict"),
}
TLS = {"enabled": True, "server_name": "redis.example.com"}
REDIS = {"username": "livekit", "password": "of-another-redis", "tls": TLS, "pool_size": 20, "pool_timeout": "4s"}


def redis(files, **more):
    names = {"ca_cert_file": "ca.pem", "client_cert_file": "client.pem", "client_key_file": "client.key"}
    return {**REDIS, "tls": {**TLS, **{key: str(files / name) for key, name in names.items()}}, **more}


def cases(files):
    """Return cases that together set all variables; mutually exclusive ones are in different cases."""
    sentinel = {
        "sentinel_master_name": "livekit",
        "sentinel_addresses": ["198.51.100.21:26379", "198.51.100.22:26379"],
        "sentinel_username": "watcher",
        "sentinel_password": "of-the-sentinels",
        "dial_timeout": 3000,
        "read_timeout": 300,
        "write_timeout": 400,
        "db": 3,
    }
    chosen = {"includes": ["eth0"], "excludes": ["docker0"]}
    one = {
        "livekit_server_port": 7890,
        "livekit_server_bind_addresses": ["127.0.0.1", "198.51.100.7"],
        "livekit_server_redis": redis(files, **sentinel),
        "livekit_server_rtc_node_ip": "198.51.100.8",
        "livekit_server_rtc_stun_servers": ["stun.example.com:3478"],
        "livekit_server_rtc_turn_servers": [
            {"host": "a.example.com", "port": 443, "protocol": "tls", "secret": "shared", "ttl": 600},
            {"host": "b.example.com", "port": 3478, "protocol": "udp", "username": "u", "credential": "c"},
        ],
        "livekit_server_rtc_tcp_port": 7891,
        "livekit_server_rtc_udp_port": "7892-7895",
        "livekit_server_rtc_use_ice_lite": True,
        "livekit_server_rtc_allow_tcp_fallback": False,
        "livekit_server_rtc_interfaces": chosen,
        "livekit_server_rtc_ips": {"includes": ["198.51.100.0/24"], "excludes": ["198.51.100.9/32"]},
        "livekit_server_room": {
            "auto_create": True,
            "empty_timeout": 60,
            "departure_timeout": 10,
            "max_participants": 4,
            "enable_remote_unmute": True,
            "enabled_codecs": [{"mime": "audio/opus", "fmtp_line": "useinbandfec=1"}],
            "room_configurations": {"support": {"empty_timeout": 30, "agents": [{"agent_name": "support"}]}},
        },
        "livekit_server_webhook": {"urls": ["https://example.com/hook"], "api_key": "automation"},
        "livekit_server_turn": {
            "enabled": True,
            "domain": "turn.example.com",
            "udp_port": 3478,
            "tls_port": 5349,
            "cert_file": str(files / "client.pem"),
            "key_file": str(files / "client.key"),
            "relay_range_start": 30000,
            "relay_range_end": 31000,
            "bind_addresses": ["127.0.0.1"],
            "ttl_seconds": 600,
        },
        "livekit_server_limit": {
            "num_tracks": 500,
            "bytes_per_sec": 1000000.0,
            "subscription_limit_audio": 5,
            "subscription_limit_video": 6,
            "max_metadata_size": 1000,
            "max_attributes_size": 1001,
            "max_room_name_length": 100,
            "max_participant_identity_length": 101,
            "max_participant_name_length": 102,
        },
        "livekit_server_node_selector": {
            "kind": "regionaware",
            "sort_by": "rooms",
            "algorithm": "twochoice",
            "cpu_load_limit": 0.7,
            "sysload_limit": 0.8,
            "regions": [{"name": "here", "lat": 44.1, "lon": -123.0}],
        },
        "livekit_server_region": "here",
        "livekit_server_prometheus": {"port": 6789, "username": "prometheus", "password": "of-prometheus"},
        "livekit_server_logging_level": "warn",
        "livekit_server_logging_json": True,
        "livekit_server_logging_pion_level": "warn",
        "livekit_sip_ws_url": "ws://198.51.100.7:7890",
        "livekit_sip_api_key": "APIother",
        "livekit_sip_api_secret": "other-0123456789abcdef0123456789abcdef",
        "livekit_sip_redis": redis(files, **sentinel),
        "livekit_sip_sip_port": 5070,
        "livekit_sip_sip_port_listen": 5071,
        "livekit_sip_listen_ip": "198.51.100.7",
        "livekit_sip_sip_hostname": "sip.example.com",
        "livekit_sip_tls": {
            "port": 5080,
            "port_listen": 5081,
            "certs": [{"cert_file": str(files / "client.pem"), "key_file": str(files / "client.key")}],
            "min_version": "tls1.2",
            "max_version": "tls1.3",
            "cipher_suites": ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
            "alpn": [],
        },
        "livekit_sip_tcp_dial_port": "32000-32100",
        "livekit_sip_udp_max_payload": 1400,
        "livekit_sip_add_record_route": True,
        "livekit_sip_outbound_route_headers": ["<sip:proxy.example.com:5060;transport=tcp;lr>"],
        "livekit_sip_nat_1_to_1_ip": "198.51.100.8",
        "livekit_sip_media_nat_1_to_1_ip": "198.51.100.9",
        "livekit_sip_local_net": "198.51.100.0/24",
        "livekit_sip_rtp_port": "20000-20999",
        "livekit_sip_rtp_draining_idle_timeout": "20s",
        "livekit_sip_rtp_draining_duration": "5m",
        "livekit_sip_symmetric_rtp": True,
        "livekit_sip_ignore_local_addr_in_sdp": True,
        "livekit_sip_media_timeout": "10s",
        "livekit_sip_media_timeout_initial": "20s",
        "livekit_sip_enable_jitter_buffer": True,
        "livekit_sip_codecs": {"G722": False},
        "livekit_sip_audio_dtmf": True,
        "livekit_sip_sip_ringing_interval": "5s",
        "livekit_sip_hide_inbound_port": True,
        "livekit_sip_disable_rejected_invite_cache": True,
        "livekit_sip_max_active_calls": 500,
        "livekit_sip_max_cpu_utilization": 0.8,
        "livekit_sip_sip_trunk_ids": ["ST_example"],
        "livekit_sip_cluster_id": "here",
        "livekit_sip_health_port": 8086,
        "livekit_sip_prometheus_port": 8087,
        "livekit_sip_pprof_port": 8088,
        "livekit_sip_logging_level": "warn",
        "livekit_sip_logging_json": True,
    }
    cluster = {"cluster_addresses": ["198.51.100.21:6379"], "max_redirects": 3}
    other = {
        "livekit_server_redis": {**redis(files, **cluster), "tls": {"enabled": True, "insecure": True}},
        "livekit_server_rtc_use_external_ip": True,
        "livekit_server_rtc_skip_external_ip_validation": True,
        "livekit_server_rtc_advertise_internal_ip": True,
        "livekit_server_rtc_external_ip_only": True,
        "livekit_server_rtc_stun_servers": ["127.0.0.1:1"],
        "livekit_server_rtc_udp_port": "",
        "livekit_server_rtc_port_range_start": 50000,
        "livekit_server_rtc_port_range_end": 60000,
        "livekit_server_turn": {"enabled": True, "domain": "turn.example.com", "tls_port": 5349, "external_tls": True},
        "livekit_sip_redis": {**redis(files, **cluster), "tls": {"enabled": True, "insecure": True}},
        "livekit_sip_use_external_ip": True,
        "livekit_sip_media_use_external_ip": True,
    }
    plain = {
        "livekit_server_redis": {"address": "198.51.100.21:6379"},
        "livekit_sip_redis": {"address": "198.51.100.21:6379"},
        "livekit_server_config_extra": {"rtc": {"congestion_control": {"enabled": False}}, "psrpc": {"timeout": "1s"}},
        "livekit_sip_config_extra": {"jaeger_url": "jaeger:4318", "logging": {"sample": True}},
    }
    plain |= {
        "livekit_redis_appendfsync": "always",
        "livekit_redis_save": [],
        "livekit_redis_config_extra": {"maxmemory": "100mb", "rename-command": ['FLUSHALL ""', 'KEYS ""']},
    }
    newest = {
        "livekit_server_version": build.NEWER_API,
        "livekit_server_rtc_turn_servers": [
            {"host": "a.example.com", "port": 443, "protocol": "tls", "secret": "shared"},
            {"host": "c.example.com", "port": 443, "protocol": "tls", "credentials_file": str(files / "client.pem")},
        ],
        "livekit_server_room": {"enable_full_room_in_webhooks": True},
        "livekit_server_turn": {
            "enabled": True,
            "domain": "turn.example.com",
            "tls_port": 5349,
            "external_tls": True,
            "per_user_relay_allocation_limit": 3,
            "proxy_protocol": True,
            "proxy_protocol_trusted_cidrs": ["198.51.100.7/32"],
        },
        "livekit_server_limit": {
            "max_api_request_body_size": 1000000,
            "signal_message_size_limit": 1000001,
            "agent_signal_message_size_limit": 1000002,
        },
        "livekit_server_agents_endpoints_disabled": True,
        "livekit_server_config_extra": {"agents": {"target_load": 0.5}},
    }
    inherited = {"livekit_server_redis": {"address": "198.51.100.21:6379", "password": "of-another-redis"}}
    return {"one": one, "other": other, "plain": plain, "newest": newest, "inherited": inherited, "defaults": {}}
