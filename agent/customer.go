package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatewatch/configs"
	"gatewatch/internal/atomicfile"
)

// customerSecretFile holds the secret of a host that was not given one.
const customerSecretFile = "customer.secret"

// customerSecret returns the configured secret behind customers' keys, or the one that this host made for itself.
func customerSecret(cfg *configs.Config) ([]byte, error) {
	if given := cfg.Payments.CustomerSecret.Reveal(); given != "" {
		return []byte(given), nil
	}
	path := filepath.Join(cfg.DataDir, customerSecretFile)
	kept, err := os.ReadFile(path)
	switch {
	case err == nil && len(kept) > 0:
		return kept, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("customers' secret: %w", err)
	}
	made := []byte(rand.Text())
	if err := atomicfile.Write(path, made, 0o600); err != nil {
		return nil, fmt.Errorf("customers' secret: %w", err)
	}
	return made, nil
}
