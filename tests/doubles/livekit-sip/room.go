// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/sip"
	"google.golang.org/protobuf/proto"
)

const callStatus = livekit.AttrSIPPrefix + "callStatus"

// room is the caller's participant in the real room, with its signal connection to livekit-server.
type room struct {
	socket     *websocket.Conn
	writing    sync.Mutex
	media      *media
	identity   string
	subscribed chan struct{} // closed once another participant publishes audio
	tracks     map[string]bool
	closed     chan struct{}
	log        *slog.Logger
}

// join joins the room as livekit-sip does: with a token of kind SIP that contains the rule's room_config, so
// that livekit-server creates the room and dispatches the rule's agents.
func join(ctx context.Context, config *Config, rule *rpc.EvaluateSIPDispatchRulesResponse, line *line, log *slog.Logger) (*room, error) {
	attributes := map[string]string{callStatus: "ringing"}
	for name, value := range rule.ParticipantAttributes {
		attributes[name] = value
	}
	token, err := sip.BuildSIPToken(sip.SIPTokenParams{
		APIKey:                config.APIKey,
		APISecret:             config.APISecret,
		RoomName:              rule.RoomName,
		ParticipantIdentity:   rule.ParticipantIdentity,
		ParticipantName:       rule.ParticipantName,
		ParticipantMetadata:   rule.ParticipantMetadata,
		ParticipantAttributes: attributes,
		RoomPreset:            rule.RoomPreset,
		RoomConfig:            rule.RoomConfig,
	})
	if err != nil {
		return nil, err
	}
	query := url.Values{"protocol": {"15"}, "sdk": {"go"}, "auto_subscribe": {"0"}}
	address := strings.Replace(strings.TrimRight(config.WsURL, "/"), "http", "ws", 1) + "/rtc?" + query.Encode()
	socket, _, err := websocket.DefaultDialer.DialContext(ctx, address, http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return nil, fmt.Errorf("could not establish signal connection: %w", err)
	}
	r := &room{socket: socket, identity: rule.ParticipantIdentity, subscribed: make(chan struct{}), tracks: map[string]bool{}, closed: make(chan struct{}), log: log}
	first, err := r.read()
	if err != nil || first.GetJoin() == nil {
		_ = socket.Close()
		return nil, errors.Join(errors.New("livekit-server did not let the caller in"), err)
	}
	if r.media, err = newMedia(r.send, line); err != nil {
		_ = socket.Close()
		return nil, err
	}
	err = r.media.publish()
	r.subscribe(first.GetJoin().OtherParticipants)
	go r.listen()
	return r, err
}

// subscribe subscribes to the audio of other participants. As in livekit-sip, this answers the call.
func (r *room) subscribe(participants []*livekit.ParticipantInfo) {
	for _, participant := range participants {
		for _, track := range participant.Tracks {
			if track.Type != livekit.TrackType_AUDIO || participant.Identity == r.identity || r.tracks[track.Sid] {
				continue
			}
			r.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Subscription{Subscription: &livekit.UpdateSubscription{
				TrackSids: []string{track.Sid},
				Subscribe: true,
			}}})
			if len(r.tracks) == 0 {
				close(r.subscribed)
			}
			r.tracks[track.Sid] = true
		}
	}
}

// activate tells the room that the call is answered.
func (r *room) activate() {
	r.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_UpdateMetadata{UpdateMetadata: &livekit.UpdateParticipantMetadata{
		Attributes: map[string]string{callStatus: "active"},
	}}})
}

// leave removes the participant; livekit-server decides when the room closes.
func (r *room) leave() {
	r.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Leave{Leave: &livekit.LeaveRequest{
		Reason: livekit.DisconnectReason_CLIENT_INITIATED,
		Action: livekit.LeaveRequest_DISCONNECT,
	}}})
	_ = r.socket.Close()
	r.media.close()
}

func (r *room) listen() {
	defer close(r.closed)
	for {
		message, err := r.read()
		if err != nil || message.GetLeave() != nil {
			return
		}
		r.subscribe(message.GetUpdate().GetParticipants())
		if err := r.media.handle(message); err != nil {
			r.log.Warn("Cannot connect to the room's media", "error", err)
		}
	}
}

func (r *room) read() (*livekit.SignalResponse, error) {
	_, data, err := r.socket.ReadMessage()
	if err != nil {
		return nil, err
	}
	message := &livekit.SignalResponse{}
	return message, proto.Unmarshal(data, message)
}

func (r *room) send(request *livekit.SignalRequest) {
	data, err := proto.Marshal(request)
	if err != nil {
		return
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	_ = r.socket.WriteMessage(websocket.BinaryMessage, data) // read reports a lost connection
}
