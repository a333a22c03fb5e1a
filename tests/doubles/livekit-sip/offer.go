// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/sdp/v3"
)

// Payload types that need no rtpmap, and the names that livekit-sip speaks.
var (
	static = map[string]string{"0": "PCMU", "8": "PCMA", "9": "G722"}
	spoken = []string{"PCMU", "PCMA", "G722"}
)

// checkOffer says why livekit-sip would refuse what the caller offers.
func checkOffer(body []byte, encryption livekit.SIPMediaEncryption) error {
	if len(body) == 0 {
		return errors.New("no SDP in the INVITE")
	}
	var offer sdp.SessionDescription
	if err := offer.Unmarshal(body); err != nil {
		return err
	}
	for _, media := range offer.MediaDescriptions {
		if media.MediaName.Media != "audio" || media.MediaName.Port.Value == 0 {
			continue
		}
		encrypted := slices.Contains(media.MediaName.Protos, "SAVP")
		if encryption == livekit.SIPMediaEncryption_SIP_MEDIA_ENCRYPT_REQUIRE && !encrypted {
			return errors.New("encryption is required and not offered")
		}
		if !slices.ContainsFunc(codecs(media), func(name string) bool { return slices.Contains(spoken, name) }) {
			return errors.New("no common codec")
		}
		return nil
	}
	return errors.New("no audio in the offer")
}

func codecs(media *sdp.MediaDescription) []string {
	var names []string
	for _, format := range media.MediaName.Formats {
		names = append(names, static[format])
	}
	for _, attribute := range media.Attributes {
		if attribute.Key == "rtpmap" { // such as "96 PCMU/8000"
			if _, encoding, found := strings.Cut(attribute.Value, " "); found {
				name, _, _ := strings.Cut(encoding, "/")
				names = append(names, strings.ToUpper(name))
			}
		}
	}
	return names
}
