//! Stitch's data pipeline regions and the addresses it connects from.

use std::net::IpAddr;

use crate::word::words;

words! {
    /// Stitch's data pipeline regions (Stitch docs, "Stitch IP addresses"; the list last grew in October 2020).
    pub enum Region {
        /// AWS us-east-1.
        NorthAmerica = "north-america",
        /// AWS eu-central-1.
        Europe = "europe",
    }
}

impl Region {
    /// The region's four addresses. Any of them may connect, so all are needed.
    pub fn addresses(self) -> [IpAddr; 4] {
        let octets: [[u8; 4]; 4] = match self {
            Self::NorthAmerica => [
                [52, 23, 137, 21],
                [52, 204, 223, 208],
                [52, 204, 228, 32],
                [52, 204, 230, 227],
            ],
            Self::Europe => [
                [3, 126, 102, 29],
                [18, 158, 16, 164],
                [18, 158, 251, 55],
                [52, 57, 235, 168],
            ],
        };
        octets.map(IpAddr::from)
    }

    /// The region that an address belongs to.
    pub fn of(address: IpAddr) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|region| region.addresses().contains(&address))
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::NorthAmerica => Self::Europe,
            Self::Europe => Self::NorthAmerica,
        }
    }
}
