"""What happens to a store's part before its parcel leaves."""
