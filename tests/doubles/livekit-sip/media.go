// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/signalling"
	"github.com/pion/webrtc/v4"
	pion "github.com/pion/webrtc/v4/pkg/media"
)

const frame = 20 * time.Millisecond

// One frame of Opus silence.
var silence = []byte{0xf8, 0xff, 0xfe}

// media is the WebRTC side of the caller. It publishes silence, so that the room shows a caller with an audio
// track, as with livekit-sip.
type media struct {
	send       func(*livekit.SignalRequest)
	publisher  *webrtc.PeerConnection
	subscriber *webrtc.PeerConnection
	early      map[*webrtc.PeerConnection][]webrtc.ICECandidateInit
	track      *webrtc.TrackLocalStaticSample
	done       chan struct{}
}

func newMedia(send func(*livekit.SignalRequest)) (*media, error) {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true) // livekit-server is often on the same host
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings))
	m := &media{send: send, done: make(chan struct{}), early: map[*webrtc.PeerConnection][]webrtc.ICECandidateInit{}}
	var err error
	if m.publisher, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	m.trickle(m.publisher, livekit.SignalTarget_PUBLISHER)
	if m.subscriber, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	m.trickle(m.subscriber, livekit.SignalTarget_SUBSCRIBER)
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	m.track, err = webrtc.NewTrackLocalStaticSample(codec, "audio", "caller")
	return m, err
}

func (m *media) trickle(peer *webrtc.PeerConnection, target livekit.SignalTarget) {
	peer.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			return
		}
		m.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Trickle{
			Trickle: signalling.ToProtoTrickle(candidate.ToJSON(), target, false),
		}})
	})
}

// publish offers the caller's audio track.
func (m *media) publish() error {
	m.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{AddTrack: &livekit.AddTrackRequest{
		Cid:    m.track.ID(),
		Type:   livekit.TrackType_AUDIO,
		Source: livekit.TrackSource_MICROPHONE,
	}}})
	if _, err := m.publisher.AddTrack(m.track); err != nil {
		return err
	}
	offer, err := m.publisher.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := m.publisher.SetLocalDescription(offer); err != nil {
		return err
	}
	m.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Offer{Offer: signalling.ToProtoSessionDescription(offer, 0, nil)}})
	go m.play()
	return nil
}

func (m *media) play() {
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		select {
		case <-m.done:
			return
		case <-ticker.C:
			_ = m.track.WriteSample(pion.Sample{Data: silence, Duration: frame})
		}
	}
}

// handle takes what livekit-server says about the two connections.
func (m *media) handle(message *livekit.SignalResponse) error {
	switch message := message.Message.(type) {
	case *livekit.SignalResponse_Answer:
		answer, _, _ := signalling.FromProtoSessionDescription(message.Answer)
		return m.describe(m.publisher, answer)
	case *livekit.SignalResponse_Offer:
		offer, id, _ := signalling.FromProtoSessionDescription(message.Offer)
		return m.answer(offer, id)
	case *livekit.SignalResponse_Trickle:
		candidate, err := signalling.FromProtoTrickle(message.Trickle)
		if err != nil {
			return err
		}
		if message.Trickle.Target == livekit.SignalTarget_PUBLISHER {
			return m.candidate(m.publisher, candidate)
		}
		return m.candidate(m.subscriber, candidate)
	}
	return nil
}

// candidate adds an address of livekit-server, or keeps it until the connection has been described.
func (m *media) candidate(peer *webrtc.PeerConnection, candidate webrtc.ICECandidateInit) error {
	if peer.RemoteDescription() == nil {
		m.early[peer] = append(m.early[peer], candidate)
		return nil
	}
	return peer.AddICECandidate(candidate)
}

func (m *media) describe(peer *webrtc.PeerConnection, description webrtc.SessionDescription) error {
	err := peer.SetRemoteDescription(description)
	for _, candidate := range m.early[peer] {
		err = errors.Join(err, peer.AddICECandidate(candidate))
	}
	delete(m.early, peer)
	return err
}

func (m *media) answer(offer webrtc.SessionDescription, id uint32) error {
	if err := m.describe(m.subscriber, offer); err != nil {
		return err
	}
	answer, err := m.subscriber.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := m.subscriber.SetLocalDescription(answer); err != nil {
		return err
	}
	m.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Answer{Answer: signalling.ToProtoSessionDescription(answer, id, nil)}})
	return nil
}

func (m *media) close() {
	close(m.done)
	_ = m.publisher.Close()
	_ = m.subscriber.Close()
}
