// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils/guid"
)

const (
	methods               = "INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE"
	defaultRingingTimeout = 3 * time.Minute
)

// call is one INVITE outside a dialog, from its first answer to its last.
type call struct {
	*phone
	request *sip.Request
	tx      sip.ServerTransaction
	gone    chan struct{} // closed when the caller cancels
	info    *rpc.SIPCall
	log     *slog.Logger
}

// invite runs one call. It returns when the call is over; the library then forgets the transaction.
func (p *phone) invite(ctx context.Context, request *sip.Request, tx sip.ServerTransaction) {
	source, err := netip.ParseAddrPort(request.Source())
	if err != nil || request.From() == nil || request.To() == nil || request.CallID() == nil {
		respond(400, "Bad request")(request, tx)
		return
	}
	id := guid.New("SCL_")
	request.To().Params.Add("tag", id) // one tag in all answers
	c := &call{
		phone:   p,
		request: request,
		tx:      tx,
		gone:    make(chan struct{}),
		log:     slog.With("callID", id, "fromIP", source.Addr().Unmap().String()),
		info: &rpc.SIPCall{
			LkCallId:  id,
			SipCallId: request.CallID().Value(),
			SourceIp:  source.Addr().Unmap().String(),
			Address:   uri(request.Recipient),
			From:      uri(request.From().Address),
			To:        uri(request.To().Address),
		},
	}
	// The library answers a CANCEL and ends the INVITE with 487.
	if !tx.OnCancel(func(*sip.Request) { close(c.gone) }) {
		return
	}
	p.active.Add(1)
	defer p.active.Add(-1)
	c.run(ctx)
}

func uri(u sip.Uri) *livekit.SIPUri {
	return &livekit.SIPUri{User: u.User, Host: u.Host, Port: uint32(u.Port)}
}

func (c *call) run(ctx context.Context) {
	c.respond(100, "Processing", c.allow())
	trunk, err := c.judge.trunk(ctx, c.info)
	if err != nil {
		c.log.Warn("Rejecting inbound, auth check failed", "error", err)
		c.respond(503, "Try again later", c.allow(), c.contact())
		return
	}
	if trunk.Drop {
		c.log.Debug("Dropping inbound flood")
		return
	}
	if !c.gate.pass(c, trunk) {
		return
	}
	defer c.ring()()
	rule, err := c.judge.rule(ctx, trunk.SipTrunkId, c.info)
	if err != nil {
		c.log.Warn("Rejecting inbound call, dispatch evaluation failed", "error", err)
		c.respond(503, "Try again later", c.allow(), c.contact())
		return
	}
	switch rule.Result {
	case rpc.SIPDispatchResult_ACCEPT, rpc.SIPDispatchResult_LEGACY_ACCEPT_OR_PIN:
	case rpc.SIPDispatchResult_REQUEST_PIN:
		c.log.Warn("The rule asks for a PIN: livekit-sip would answer and ask for the digits, the stand-in keeps silent")
		return
	default:
		// As measured: the caller has heard one 180 and never gets a final answer.
		c.log.Info("Closing inbound call", "reason", "flood")
		return
	}
	if err := checkOffer(c.request.Body(), rule.GetMedia().GetEncryption()); err != nil {
		c.log.Warn("Cannot start media", "error", err)
		c.respond(400, "", c.allow(), c.contact())
		return
	}
	c.wait(ctx, rule)
}

// wait puts the caller into the room and rings until the caller gives up or the time is over.
func (c *call) wait(ctx context.Context, rule *rpc.EvaluateSIPDispatchRulesResponse) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if limit := rule.GetMaxCallDuration().AsDuration(); limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	room, err := join(ctx, c.config, rule, c.log)
	if err != nil {
		c.log.Error("Cannot create LiveKit participant", "error", err)
		c.close(486, "Rejected", "participant-failed")
		return
	}
	defer room.leave()
	c.log.Info("SIP participant joined room", "room", rule.RoomName)
	timeout := rule.GetRingingTimeout().AsDuration()
	if timeout <= 0 {
		timeout = defaultRingingTimeout
	}
	select {
	case <-c.gone:
		c.log.Info("Closing inbound call", "reason", "cancelled")
	case <-time.After(timeout):
		c.close(486, "Rejected", "cannot-subscribe")
	case <-room.closed:
		c.close(486, "Rejected", "hangup")
	case <-ctx.Done():
		c.close(486, "Rejected", "hangup")
	}
}

func (c *call) close(status int, text, reason string) {
	c.respond(status, text)
	c.log.Info("Closing inbound call", "reason", reason)
}

// ring sends 180 at once and then in every interval, until the returned function is called.
func (c *call) ring() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	c.respond(180, "Ringing", c.allow())
	go func() {
		defer close(ended)
		ticker := time.NewTicker(c.config.RingingInterval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-c.gone:
				return
			case <-ticker.C:
				c.respond(180, "Ringing", c.allow())
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (c *call) respond(status int, reason string, headers ...sip.Header) {
	response := sip.NewResponseFromRequest(c.request, status, reason, nil)
	for _, header := range headers {
		response.AppendHeader(header)
	}
	if err := c.tx.Respond(response); err != nil {
		c.log.Debug("Cannot respond", "status", status, "error", err)
	}
}

func (c *call) allow() sip.Header { return sip.NewHeader("Allow", methods) }

func (c *call) contact() sip.Header {
	params := sip.NewParams()
	params.Add("transport", strings.ToLower(c.request.Transport()))
	return &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: c.config.announced(), Port: c.config.SIPPort, UriParams: params}}
}
