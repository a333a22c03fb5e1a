// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// phone receives SIP requests and starts a call for each INVITE.
type phone struct {
	config  *Config
	judge   *judge
	gate    *gate
	dialogs sipgo.DialogUA
	calls   sync.Map // by dialog id
	active  atomic.Int64
}

// listen binds sip_port on UDP and TCP, and returns once both accept requests.
func listen(ctx context.Context, config *Config, judge *judge) (*phone, error) {
	agent, err := sipgo.NewUA(sipgo.WithUserAgent("LiveKit"))
	if err != nil {
		return nil, err
	}
	server, err := sipgo.NewServer(agent)
	if err != nil {
		return nil, err
	}
	client, err := sipgo.NewClient(agent, sipgo.WithClientHostname(config.announced()), sipgo.WithClientPort(config.SIPPort))
	if err != nil {
		return nil, err
	}
	p := &phone{config: config, judge: judge, gate: newGate()}
	p.dialogs = sipgo.DialogUA{Client: client, ContactHDR: sip.ContactHeader{Address: p.address()}, RewriteContact: true}
	server.OnInvite(func(request *sip.Request, tx sip.ServerTransaction) { p.invite(ctx, request, tx) })
	server.OnBye(p.bye)
	server.OnAck(p.ack)
	server.OnOptions(respond(200, "OK"))
	// The library answers the CANCEL of a call that still rings. Any other CANCEL gets no answer.
	server.OnCancel(func(*sip.Request, sip.ServerTransaction) {})
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

func (p *phone) address() sip.Uri {
	return sip.Uri{Scheme: "sip", Host: p.config.announced(), Port: p.config.SIPPort}
}

// call finds the call to which a request belongs.
func (p *phone) call(request *sip.Request) (*call, bool) {
	id, err := sip.DialogIDFromRequestUAS(request)
	if err != nil {
		return nil, false
	}
	found, ok := p.calls.Load(id)
	if !ok {
		return nil, false
	}
	return found.(*call), true
}

func (p *phone) ack(request *sip.Request, tx sip.ServerTransaction) {
	if c, found := p.call(request); found {
		_ = c.dialog.ReadAck(request, tx)
	}
}

func (p *phone) bye(request *sip.Request, tx sip.ServerTransaction) {
	c, found := p.call(request)
	if !found {
		respond(481, "Call does not exist")(request, tx)
		return
	}
	if err := c.dialog.ReadBye(request, tx); err != nil {
		c.log.Debug("Bad BYE", "error", err)
	}
}

func respond(status int, reason string) sipgo.RequestHandler {
	return func(request *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(request, status, reason, nil))
	}
}
