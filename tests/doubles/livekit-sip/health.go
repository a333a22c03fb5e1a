// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
)

const (
	notStarted = "NotStarted"
	ok         = "OK"
	stopped    = "Stopped"
)

type health struct{ state atomic.Value }

func (h *health) set(state string) { h.state.Store(state) }

func (h *health) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	state := h.state.Load().(string)
	if state != ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write([]byte(state))
}

// serveHealth listens on every interface, as livekit-sip does. Port 0 disables it.
func serveHealth(port int) (*health, error) {
	h := &health{}
	h.set(notStarted)
	if port == 0 {
		return h, nil
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return nil, err
	}
	go func() { _ = http.Serve(listener, h) }()
	return h, nil
}
