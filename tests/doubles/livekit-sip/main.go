// SPDX-License-Identifier: GPL-3.0-or-later

// A stand-in for livekit-sip, for machines that cannot pull its image.
//
// It reads the same configuration file, listens on the same ports, lets the real livekit-server decide about
// each call, joins the real room for the caller, sends the SIP answers of livekit-sip's recording, and carries
// the audio between the caller and the room in the simplest way: G.711, no jitter buffer, no mixing.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/livekit/protocol/redis"
)

func main() {
	file := flag.String("config", os.Getenv("SIP_CONFIG_FILE"), "configuration file of livekit-sip")
	body := flag.String("config-body", os.Getenv("SIP_CONFIG_BODY"), "the configuration itself")
	version := flag.Bool("version", false, "say which livekit-sip it stands in for")
	flag.Parse()
	if *version {
		fmt.Println("SIP version 1.10.0 (a stand-in)")
		return
	}
	if err := run(*file, *body); err != nil {
		// livekit-sip also exits with 0 here: its health shows the failure, not its exit code.
		fmt.Println(err)
	}
}

func run(file, body string) error {
	config, err := readConfig(file, body)
	if err != nil {
		return err
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: config.logLevel()})))
	slog.Warn("This is a stand-in for livekit-sip, for trying out: plain G.711 audio, no TLS, no PIN, no outbound calls")
	for _, key := range config.notServed() {
		slog.Warn("The stand-in does not serve this setting", "setting", key)
	}

	store, err := redis.GetRedisClient(config.Redis)
	if err != nil {
		return fmt.Errorf("cannot reach Redis: %w", err)
	}
	judge, err := newJudge(store)
	if err != nil {
		return err
	}
	health, err := serveHealth(config.HealthPort)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	phone, err := listen(ctx, config, judge)
	if err != nil {
		return err
	}
	health.set(ok)
	slog.Info("sip signaling listening", "port", config.SIPPort, "announced", config.announced())

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGINT)
	if received := <-signals; received != syscall.SIGINT {
		// As measured: draining has no time limit, and livekit-sip still accepts new calls.
		slog.Info("exit requested, finishing all SIP then shutting down", "signal", received)
		health.set(stopped)
		drain(phone, signals)
	}
	return nil
}

func drain(phone *phone, signals <-chan os.Signal) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	var told time.Time
	for phone.active.Load() > 0 {
		if time.Since(told) >= 5*time.Second {
			slog.Info("waiting for calls to finish", "calls", phone.active.Load())
			told = time.Now()
		}
		select {
		case <-look.C:
		case received := <-signals:
			if received == syscall.SIGINT {
				return
			}
		}
	}
}
