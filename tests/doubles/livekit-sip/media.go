// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/signalling"
	"github.com/pion/opus"
	"github.com/pion/webrtc/v4"
	pion "github.com/pion/webrtc/v4/pkg/media"
)

const (
	opusRate    = 48000
	longestOpus = 120 * sampleRate / 1000 // samples of the longest packet, 120 ms
)

// media is the WebRTC side of the caller. It publishes the caller's audio in the telephone's codec, which
// livekit-server and agents also support, and decodes only the audio of agents.
type media struct {
	send       func(*livekit.SignalRequest)
	line       *line
	publisher  *webrtc.PeerConnection
	subscriber *webrtc.PeerConnection
	early      map[*webrtc.PeerConnection][]webrtc.ICECandidateInit
	track      *webrtc.TrackLocalStaticSample
	speaker    sync.Mutex
	done       chan struct{}
}

func newMedia(send func(*livekit.SignalRequest), line *line) (*media, error) {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true) // livekit-server is often on the same host
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings))
	m := &media{send: send, line: line, done: make(chan struct{}), early: map[*webrtc.PeerConnection][]webrtc.ICECandidateInit{}}
	var err error
	if m.publisher, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	m.trickle(m.publisher, livekit.SignalTarget_PUBLISHER)
	if m.subscriber, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	m.trickle(m.subscriber, livekit.SignalTarget_SUBSCRIBER)
	m.subscriber.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { m.hear(track) })
	codec := webrtc.RTPCodecCapability{MimeType: line.offer.codec.mime, ClockRate: sampleRate}
	m.track, err = webrtc.NewTrackLocalStaticSample(codec, "audio", "caller")
	return m, err
}

// hear passes an agent's audio to the caller. It does not mix: the caller hears one speaker at a time.
func (m *media) hear(track *webrtc.TrackRemote) {
	if track.Codec().MimeType != webrtc.MimeTypeOpus {
		return
	}
	m.speaker.Lock()
	defer m.speaker.Unlock()
	decoder, err := opus.NewDecoderWithOutput(sampleRate, 1)
	if err != nil {
		return
	}
	samples := make([]int16, longestOpus)
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if count, err := decoder.DecodeToInt16(packet.Payload, samples); err == nil {
			m.line.say(samples[:count], packet.Timestamp/(opusRate/sampleRate))
		}
	}
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
	transceiver, err := m.publisher.AddTransceiverFromTrack(m.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return err
	}
	if err := transceiver.SetCodecPreferences([]webrtc.RTPCodecParameters{{RTPCodecCapability: m.track.Codec()}}); err != nil {
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
			heard := m.line.next()
			_ = m.track.WriteSample(pion.Sample{Data: heard, Duration: time.Duration(len(heard)) * time.Second / sampleRate})
		}
	}
}

// handle processes livekit-server's messages about the two connections.
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

// candidate adds an address of livekit-server, or keeps it until the connection has a remote description.
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
