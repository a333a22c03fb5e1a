// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils/guid"
)

const (
	methods               = "INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE"
	defaultRingingTimeout = 3 * time.Minute
	byeTimeout            = 5 * time.Second
)

// call is one INVITE outside a dialog, from its first answer to its end.
type call struct {
	*phone
	request *sip.Request
	tx      sip.ServerTransaction
	dialog  *sipgo.DialogServerSession
	answer  atomic.Pointer[sip.Response] // the 200, once there is one
	gone    <-chan struct{}              // closed when the caller cancels or hangs up
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
	if _, inside := request.To().Params.Get("tag"); inside {
		if c, found := p.call(request); found {
			c.again(request, tx)
		} else {
			respond(481, "Call does not exist")(request, tx)
		}
		return
	}
	// The library answers a CANCEL and ends the INVITE with 487. It also creates the To tag that all answers share.
	dialog, err := p.dialogs.ReadInvite(request, tx)
	if err != nil {
		respond(400, "Bad request")(request, tx)
		return
	}
	id := guid.New("SCL_")
	c := &call{
		phone:   p,
		request: dialog.InviteRequest,
		tx:      tx,
		dialog:  dialog,
		gone:    dialog.Context().Done(),
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
	p.calls.Store(dialog.ID, c)
	defer p.calls.Delete(dialog.ID)
	p.active.Add(1)
	defer p.active.Add(-1)
	c.run(ctx)
}

func uri(u sip.Uri) *livekit.SIPUri {
	return &livekit.SIPUri{User: u.User, Host: u.Host, Port: uint32(u.Port)}
}

func (c *call) run(ctx context.Context) {
	invited := time.Now()
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
	stopRinging := c.ring()
	defer stopRinging()
	rule, err := c.judge.rule(ctx, trunk.SipTrunkId, c.info)
	if err != nil {
		c.log.Warn("Rejecting inbound call, dispatch evaluation failed", "error", err)
		c.respond(503, "Try again later", c.allow(), c.contact())
		return
	}
	switch rule.Result {
	case rpc.SIPDispatchResult_ACCEPT, rpc.SIPDispatchResult_LEGACY_ACCEPT_OR_PIN, rpc.SIPDispatchResult_REQUEST_PIN:
	case rpc.SIPDispatchResult_REJECT:
		// As measured with the REJECT of livekit-server from 1.13.8 on.
		c.log.Info("Rejecting inbound call, doesn't match any Dispatch Rules")
		c.close(404, "Does not match Trunks or Dispatch Rules", "no-dispatch")
		return
	default:
		// As measured with the DROP of livekit-server up to 1.13.7: the caller gets one 180 and never a final answer.
		c.log.Info("Closing inbound call", "reason", "flood")
		return
	}
	offer, err := readOffer(c.request.Body(), rule.GetMedia().GetEncryption())
	if err != nil {
		c.log.Warn("Cannot start media", "error", err)
		c.respond(400, "", c.allow(), c.contact())
		return
	}
	line, err := openLine(c.config, offer)
	if err != nil {
		c.log.Error("Cannot start media", "error", err)
		c.close(486, "Rejected", "media-failed")
		return
	}
	defer line.close(c.log)

	// As measured: the limit counts from the INVITE, not from the answer.
	if limit := rule.GetMaxCallDuration().AsDuration(); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, invited.Add(limit))
		defer cancel()
	}
	if rule.Result == rpc.SIPDispatchResult_REQUEST_PIN {
		c.log.Warn("The rule asks for a PIN: the stand-in beeps where livekit-sip asks for it, and takes no digits")
		stopRinging()
		go line.beep(c.gone)
		c.talk(ctx, line, nil)
		return
	}
	c.wait(ctx, line, rule, stopRinging)
}

// wait joins the room and rings until an agent publishes audio, the caller gives up, or the time is over.
func (c *call) wait(ctx context.Context, line *line, rule *rpc.EvaluateSIPDispatchRulesResponse, stopRinging func()) {
	room, err := join(ctx, c.config, rule, line, c.log)
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
	case <-room.subscribed:
		stopRinging()
		room.activate()
		c.talk(ctx, line, room.closed)
	case <-c.gone:
		c.log.Info("Closing inbound call", "reason", "cancelled")
	case <-time.After(timeout):
		c.close(486, "Rejected", "cannot-subscribe")
	case <-room.closed:
		c.close(486, "Rejected", "removed")
	case <-ctx.Done():
		c.close(486, "Rejected", "hangup")
	}
}

// talk answers the call and keeps it up until the caller hangs up, the room is closed, or the time is over.
func (c *call) talk(ctx context.Context, line *line, roomClosed <-chan struct{}) {
	response := sip.NewResponseFromRequest(c.request, 200, "OK", line.offer.answer(c.config.announced(), line.port(), line.key))
	response.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	response.AppendHeader(c.contact())
	c.answer.Store(response)
	line.answered.Store(true)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unacknowledged := time.AfterFunc(64*sip.T1, cancel)
	go func() {
		_ = c.dialog.WriteResponse(response) // repeats the response until it is acknowledged
		unacknowledged.Stop()
	}()
	c.log.Info("Accepted inbound call")

	select {
	case <-c.gone:
		c.log.Info("Closing inbound call", "reason", "hangup")
		return
	case <-roomClosed:
		c.log.Info("Closing inbound call", "reason", "removed")
	case <-ctx.Done():
		c.log.Info("Closing inbound call", "reason", "hangup")
	}
	ending, cancel := context.WithTimeout(context.Background(), byeTimeout)
	defer cancel()
	if err := c.dialog.Bye(ending); err != nil {
		c.log.Warn("No answer to BYE", "error", err)
	}
}

// again answers an INVITE inside the call with the agreed SDP. Providers send it to check whether the call is still up.
func (c *call) again(request *sip.Request, tx sip.ServerTransaction) {
	agreed := c.answer.Load()
	if agreed == nil {
		respond(491, "Request Pending")(request, tx)
		return
	}
	response := sip.NewResponseFromRequest(request, 200, "OK", agreed.Body())
	response.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	response.AppendHeader(c.contact())
	_ = tx.Respond(response)
}

func (c *call) close(status int, text, reason string) {
	c.respond(status, text)
	c.log.Info("Closing inbound call", "reason", reason)
}

// ring sends 180 immediately, and then once per interval until the returned function is called.
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
	return sync.OnceFunc(func() { close(done); <-ended })
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
	address := c.phone.address()
	address.UriParams = sip.NewParams()
	address.UriParams.Add("transport", strings.ToLower(c.request.Transport()))
	return &sip.ContactHeader{Address: address}
}
