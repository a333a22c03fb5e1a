// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// phone takes SIP requests and starts a call for each INVITE.
type phone struct {
	config *Config
	judge  *judge
	gate   *gate
	active atomic.Int64
}

// listen binds sip_port on UDP and TCP and returns once both take requests.
func listen(ctx context.Context, config *Config, judge *judge) (*phone, error) {
	agent, err := sipgo.NewUA(sipgo.WithUserAgent("LiveKit"))
	if err != nil {
		return nil, err
	}
	server, err := sipgo.NewServer(agent)
	if err != nil {
		return nil, err
	}
	p := &phone{config: config, judge: judge, gate: newGate()}
	server.OnInvite(func(request *sip.Request, tx sip.ServerTransaction) { p.invite(ctx, request, tx) })
	server.OnOptions(respond(200, "OK"))
	server.OnBye(respond(481, "Call does not exist"))
	// The library answers a CANCEL that belongs to a call that still rings. Any other, and an ACK, gets no answer.
	server.OnCancel(func(*sip.Request, sip.ServerTransaction) {})
	server.OnAck(func(*sip.Request, sip.ServerTransaction) {})
	server.OnNoRoute(respond(405, "Method Not Allowed"))

	address := net.JoinHostPort(config.ListenIP, strconv.Itoa(config.SIPPortListen))
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, err
	}
	streams, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	go func() { slog.Debug("UDP closed", "error", server.ServeUDP(packets)) }()
	go func() { slog.Debug("TCP closed", "error", server.ServeTCP(streams)) }()
	return p, nil
}

func respond(status int, reason string) sipgo.RequestHandler {
	return func(request *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(request, status, reason, nil))
	}
}
