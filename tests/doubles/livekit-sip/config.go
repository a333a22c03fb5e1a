// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/livekit/mediatransportutil/pkg/rtcconfig"
	"github.com/livekit/protocol/redis"
	"gopkg.in/yaml.v3"
)

// Config contains every key of livekit-sip 1.10. Any other key is an error, although livekit-sip ignores it: a
// test must not pass with a setting that has no effect.
type Config struct {
	Redis     *redis.RedisConfig `yaml:"redis"`
	APIKey    string             `yaml:"api_key"`
	APISecret string             `yaml:"api_secret"`
	WsURL     string             `yaml:"ws_url"`

	SIPPort         int                 `yaml:"sip_port"`
	SIPPortListen   int                 `yaml:"sip_port_listen"`
	SIPHostname     string              `yaml:"sip_hostname"`
	ListenIP        string              `yaml:"listen_ip"`
	LocalNet        string              `yaml:"local_net"`
	NAT1To1IP       string              `yaml:"nat_1_to_1_ip"`
	UseExternalIP   bool                `yaml:"use_external_ip"`
	RTPPort         rtcconfig.PortRange `yaml:"rtp_port"`
	RingingInterval time.Duration       `yaml:"sip_ringing_interval"`
	HealthPort      int                 `yaml:"health_port"`
	Logging         struct {
		Level      string `yaml:"level"`
		JSON       bool   `yaml:"json"`
		Components any    `yaml:"component_levels"`
		Sample     any    `yaml:"sample"`
	} `yaml:"logging"`

	// Accepted in the file, but without effect.
	PrometheusPort         int           `yaml:"prometheus_port"`
	PProfPort              int           `yaml:"pprof_port"`
	HideInboundPort        bool          `yaml:"hide_inbound_port"`
	TLS                    any           `yaml:"tls"`
	TCP                    any           `yaml:"tcp"`
	OutboundRouteHeaders   []string      `yaml:"outbound_route_headers"`
	ClusterID              string        `yaml:"cluster_id"`
	MaxCPUUtilization      float64       `yaml:"max_cpu_utilization"`
	MaxActiveCalls         int           `yaml:"max_active_calls"`
	SIPTrunkIDs            []string      `yaml:"sip_trunk_ids"`
	UDPMaxPayload          int           `yaml:"udp_max_payload"`
	MediaUseExternalIP     bool          `yaml:"media_use_external_ip"`
	MediaNAT1To1IP         string        `yaml:"media_nat_1_to_1_ip"`
	MediaTimeout           time.Duration `yaml:"media_timeout"`
	MediaTimeoutInitial    time.Duration `yaml:"media_timeout_initial"`
	SymmetricRTP           bool          `yaml:"symmetric_rtp"`
	RTPDrainingIdleTimeout time.Duration `yaml:"rtp_draining_idle_timeout"`
	RTPDrainingDuration    time.Duration `yaml:"rtp_draining_duration"`
	IgnoreLocalAddrInSDP   bool          `yaml:"ignore_local_addr_in_sdp"`
	Codecs                 any           `yaml:"codecs"`
	DisableRejectedCache   bool          `yaml:"disable_rejected_invite_cache"`
	AddRecordRoute         bool          `yaml:"add_record_route"`
	AudioDTMF              bool          `yaml:"audio_dtmf"`
	EnableJitterBuffer     bool          `yaml:"enable_jitter_buffer"`
	EnableJitterBufferProb float64       `yaml:"enable_jitter_buffer_prob"`
	JaegerURL              string        `yaml:"jaeger_url"`
	Experimental           any           `yaml:"experimental"`
}

func readConfig(file, body string) (*Config, error) {
	text := []byte(body)
	if body == "" {
		if file == "" {
			return nil, errors.New("missing config")
		}
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	config := &Config{
		APIKey:    os.Getenv("LIVEKIT_API_KEY"),
		APISecret: os.Getenv("LIVEKIT_API_SECRET"),
		WsURL:     os.Getenv("LIVEKIT_WS_URL"),
		SIPPort:   5060,
		ListenIP:  "0.0.0.0",
		RTPPort:   rtcconfig.PortRange{Start: 10000, End: 20000},
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(config); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("could not parse config: %w", err)
	}
	return config, config.complete()
}

func (c *Config) complete() error {
	if c.SIPPortListen == 0 {
		c.SIPPortListen = c.SIPPort
	}
	if c.RingingInterval < time.Second || c.RingingInterval > time.Minute {
		c.RingingInterval = time.Second
	}
	switch {
	case c.Redis == nil:
		return errors.New("redis configuration is required")
	case c.APIKey == "" || c.APISecret == "" || c.WsURL == "":
		return errors.New("api_key, api_secret and ws_url are required")
	case c.UseExternalIP && c.NAT1To1IP != "":
		return errors.New("use_external_ip and nat_1_to_1_ip can not both be set")
	case c.RTPPort.End <= c.RTPPort.Start:
		return errors.New("rtp_port must be a range such as 10000-20000")
	}
	return nil
}

func (c *Config) logLevel() slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(strings.ToUpper(c.Logging.Level))) // an unknown level leaves the default, INFO
	return level
}

func (c *Config) notServed() []string {
	var keys []string
	for key, set := range map[string]bool{
		"tls":               c.TLS != nil,
		"prometheus_port":   c.PrometheusPort != 0,
		"pprof_port":        c.PProfPort != 0,
		"hide_inbound_port": c.HideInboundPort,
		"use_external_ip":   c.UseExternalIP,
	} {
		if set {
			keys = append(keys, key)
		}
	}
	return keys
}

// announced returns the address in Contact: nat_1_to_1_ip, or else that of the first interface except loopback.
func (c *Config) announced() string {
	if c.NAT1To1IP != "" {
		return c.NAT1To1IP
	}
	addresses, _ := net.InterfaceAddrs()
	for _, address := range addresses {
		if ip, isNet := address.(*net.IPNet); isNet && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			return ip.IP.String()
		}
	}
	return "127.0.0.1"
}
