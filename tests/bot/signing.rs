//! Signatures against published vectors, and those computed by another implementation.

use std::collections::HashSet;
use unstuck::bot::{
    Secret, Secrets,
    x::oauth::{Signed, base_string, header, nonce, percent, signature},
};

/// X's published example, dead for years.
fn example() -> Secrets {
    Secrets {
        consumer_key: Secret::new("xvz1evFS4wEEPTGEFPHBog"),
        consumer_secret: Secret::new("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
        access_token: Secret::new("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
        access_secret: Secret::new("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
    }
}

fn signed<'a>(method: &'a str, address: &'a str, fields: &'a [(&'a str, &'a str)]) -> Signed<'a> {
    Signed {
        method,
        address,
        fields,
        nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        timestamp: 1_318_622_958,
    }
}

#[test]
fn every_vector() {
    let form = [
        ("include_entities", "true"),
        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
    ];
    let read = [
        ("max_results", "100"),
        ("since_id", "1201634058788384769"),
        ("tweet.fields", "author_id,created_at,referenced_tweets"),
        ("expansions", "author_id"),
    ];
    let read_at = "https://api.x.com/2/users/2244994945/mentions";
    for (name, method, address, fields, expected) in [
        (
            "V1",
            "POST",
            "https://api.x.com/1.1/statuses/update.json",
            &form[..],
            "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=",
        ),
        (
            "V2",
            "POST",
            "https://api.twitter.com/1.1/statuses/update.json",
            &form,
            "hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
        ),
        (
            "V3",
            "POST",
            "https://api.twitter.com/1/statuses/update.json",
            &form,
            "tnnArxj06cWHq44gCs1OSKk/jLY=",
        ),
        ("V5", "POST", "https://api.x.com/2/tweets", &[], "lr+tV/DKclEvXKVjG6tgaSSLV0k="),
        ("V6", "GET", read_at, &read, "RU/oG3A53OWf7Z8ayRo3uJgSjvI="),
        ("V7", "POST", "http://127.0.0.1:18080/2/tweets", &[], "P05cnlAC/Yj34gUQ0eSNWSCwP6I="),
    ] {
        assert_eq!(signature(&signed(method, address, fields), &example()), expected, "{name}");
    }
}

#[test]
fn the_vector_of_the_first_specification() {
    let secrets = Secrets {
        consumer_key: Secret::new("dpf43f3p2l4k3l03"),
        consumer_secret: Secret::new("kd94hf93k423kf44"),
        access_token: Secret::new("nnch734d00sl2jdk"),
        access_secret: Secret::new("pfkkdhi9sl3r4s00"),
    };
    let request = Signed {
        method: "GET",
        address: "http://photos.example.net/photos",
        fields: &[("file", "vacation.jpg"), ("size", "original")],
        nonce: "kllo9940pd9333jh",
        timestamp: 1_191_242_096,
    };
    assert_eq!(signature(&request, &secrets), "tR3+Ty81lMeYAr/Fid0kMTYa/WM=");
}

#[test]
fn a_json_body_is_not_signed_and_a_comma_is_twice_encoded() {
    let post = signed("POST", "https://api.x.com/2/tweets", &[]);
    assert_ne!(
        signature(&post, &example()),
        "kM1TZ8n38YfLbjzogMETl5Esd7c=",
        "that has a body's hash"
    );
    assert_eq!(
        base_string(&post, &example()),
        "POST&https%3A%2F%2Fapi.x.com%2F2%2Ftweets&oauth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog%26oauth_nonce%3D\
         kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D\
         1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0"
    );
    let fields = [("tweet.fields", "a,b")];
    let read = signed("GET", "https://api.x.com/2/users/1/mentions", &fields);
    assert!(base_string(&read, &example()).contains("tweet.fields%3Da%252Cb"));
    let header = header(&post, &example());
    assert!(
        header.starts_with("OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "),
        "{header}"
    );
    assert!(header.contains("oauth_signature=\"lr%2BtV%2FDKclEvXKVjG6tgaSSLV0k%3D\""), "{header}");
    assert!(!header.contains("kAcSOqF21Fu85e7") && !header.contains("LswwdoUaIvS8"));
}

#[test]
fn percent_encoding_is_that_of_rfc_3986() {
    assert_eq!(percent("Az09-._~"), "Az09-._~");
    assert_eq!(percent(" +*'()!,/&=%漢"), "%20%2B%2A%27%28%29%21%2C%2F%26%3D%25%E6%BC%A2");
}

#[test]
fn no_nonce_comes_twice() {
    let mut seen = HashSet::new();
    for _ in 0..100_000 {
        let nonce = nonce().unwrap();
        assert!(nonce.len() >= 16 && nonce.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert!(seen.insert(nonce));
    }
}
